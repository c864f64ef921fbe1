import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { lint } from "../../src/publish/mod.ts";
import { DAY } from "../support/publisher.ts";
import { edited, withRelease } from "../support/released.ts";

test("lint() finds addresses that clients refuse, and shows no password", async () => {
  await withRelease(async ({ folder, runtime, clock }) => {
    await edited(folder, (manifest) => {
      const { platforms } = manifest.versions["1.0.0"];
      platforms["linux-x86_64"].url = "javascript:alert(1)";
      platforms["darwin-arm64"].mirrors = ["https://me:hunter2@example.com/demo-v1.0.0-darwin-arm64.gz"];
      platforms["windows-x86_64"].mirrors = ["file:///mnt/demo-v1.0.0-windows-x86_64.exe", "beside.exe"];
      manifest.versions["1.0.0"].release_notes = "javascript:alert(1)";
      manifest.versions["0.1.0"].release_notes = "https://example.com/notes";
      manifest.expires = manifest.issued.replace("2026-01", "2026-04");
    });
    const found = (await lint(folder, { runtime })).map(({ level, where, message }) =>
      `${level} ${where}: ${message}`
    ).filter((line) => !/signature|no usual name/.test(line));
    assert.deepEqual(found, [
      "error versions.1.0.0.release_notes: javascript: addresses are of no use to clients; use https",
      "error versions.1.0.0.darwin-arm64: https://example.com/demo-v1.0.0-darwin-arm64.gz was given with a user or " +
      "a password, which everybody could read",
      "error versions.1.0.0.linux-x86_64: javascript: addresses are of no use to clients; use https",
      "warning versions.1.0.0.windows-x86_64: file:///mnt/demo-v1.0.0-windows-x86_64.exe is for clients only that " +
      "read the manifest from the same machine",
    ]);
    // A quarter of its 90 days.
    const expires = Date.parse("2026-04-15T12:00:00Z");
    for (const [left, isFine] of [[23, true], [22, false]] as const) {
      clock.now = expires - left * DAY;
      const places = (await lint(folder, { runtime })).map(({ where }) => where);
      assert.equal(!places.includes("expires"), isFine, `${left} days`);
    }
  });
});

test("lint() asks every address when it is told to, and for the size", async () => {
  await withRelease(async ({ folder, runtime }) => {
    const asked: string[] = [];
    const fetch = (url: string, { method }: RequestInit) => {
      asked.push(`${method} ${url}`);
      if (url.endsWith(".exe")) return Promise.reject(new Error("no route"));
      if (url.endsWith(".tar.gz")) return Promise.resolve(new Response(null, { status: 404 }));
      // A server that does not offer HEAD, and has another file there.
      if (method === "HEAD") return Promise.resolve(new Response(null, { status: 405 }));
      return Promise.resolve(new Response("another", { headers: { "content-length": "7" } }));
    };
    const found = await lint(folder, { runtime: { ...runtime, fetch }, online: true });
    const problems = found.map(({ level, where, message }) =>
      `${level} ${where}: ${message.replace(/^https:.*?: /, "")}`
    );
    const { versions } = JSON.parse(await readFile(join(folder, "version-manifest.json"), "utf8"));
    const { size } = versions["1.0.0"].platforms["darwin-arm64"];
    const expected = (version: string, bytes: number) => [
      `error versions.${version}.darwin-arm64: the server has 7 bytes, the manifest says ${bytes}`,
      `error versions.${version}.linux-x86_64: the server answers 404`,
      `error versions.${version}.windows-x86_64: no route`,
    ];
    assert.deepEqual(problems.filter((problem) => problem.includes("1.0.0")), expected("1.0.0", size));
    assert.equal(problems.length, 6);
    assert.equal(asked.length, 8);
  });
});

test("lint() asks for files beside the manifest where that is served, and says so when it does not know", async () => {
  await withRelease(async ({ folder, runtime }) => {
    await edited(folder, (manifest) => {
      delete manifest.versions["0.1.0"];
      for (const asset of Object.values<Record<string, string>>(manifest.versions["1.0.0"].platforms)) {
        asset["url"] = asset["url"]!.replace("https://example.com/", "files/");
      }
    });
    const asked: string[] = [];
    const fetch = (url: string) => {
      asked.push(url);
      return Promise.resolve(new Response());
    };
    const options = { runtime: { ...runtime, fetch }, online: true };
    const blind = await lint(folder, options);
    assert.equal(blind.filter(({ message }) => message.includes("--address")).length, 3);
    assert.deepEqual(asked, []);
    const seeing = await lint(folder, {
      ...options,
      address: "https://example.org/app/version-manifest.json",
    });
    assert.deepEqual(seeing.map(({ where }) => where), ["signature"]);
    assert.equal(asked.length, 3);
    assert(
      asked.join().startsWith("https://example.org/app/files/demo-v1.0.0-darwin-arm64.gz,"),
      asked.join(),
    );
  });
});
