import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { FileError, type Runtime } from "../../machine.ts";
import {
  add,
  init,
  lint,
  promote,
  refresh,
  rollout,
  rotate,
  verify,
  verifyAssets,
  verifyExecutable,
  yank,
} from "../../src/publish/mod.ts";
import { DAY, executableOf, type Publisher, withPublisher, writeAssets } from "../support/publisher.ts";
import { APP, testKey } from "../support/signed_release.ts";

test("init() makes a folder that a client trusts, without any secret, and never makes one twice", async () => {
  await withPublisher(async ({ folder, runtime, root, rootKey, key }) => {
    const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/"))
      .sort();
    assert.deepEqual(names, [
      ".github",
      ".github/workflows",
      ".github/workflows/refresh.yml",
      "1.root.json",
      "1.root.json.minisig",
      "version-manifest.json",
      "version-manifest.json.minisig",
    ]);
    assert.equal(await readFile(join(folder, "1.root.json"), "utf8"), root);
    assert.deepEqual((await verify(folder, { runtime })).keyIds, [key.publicKey.id]);
    const again = init(folder, { app: APP, rootKeys: [rootKey], manifestKeys: [key], runtime });
    await assert.rejects(again, /has a .+ already/);
  });
});

test("init() refuses a threshold that its keys cannot reach, and writes nothing then", async () => {
  await withPublisher(async ({ place, runtime, rootKey, key }) => {
    const folder = await place("other");
    const options = { app: APP, rootKeys: [rootKey], manifestKeys: [key], manifestThreshold: 2, runtime };
    await assert.rejects(init(folder, options), /Cannot require 2 of 1/);
    await init(folder, { ...options, manifestThreshold: 1, dryRun: true });
    assert.deepEqual(await readdir(folder), []);
  });
});

test("add() digests each archive and the executable inside", async () => {
  await withRelease(async ({ folder, runtime, from }) => {
    const { versions } = JSON.parse(await readFile(join(folder, "version-manifest.json"), "utf8"));
    const { platforms } = versions["1.0.0"];
    assert.deepEqual(Object.keys(platforms), ["darwin-arm64", "linux-x86_64", "windows-x86_64"]);
    for (
      const [platform, { binary, size, url }] of Object.entries<Record<string, Record<string, unknown>>>(
        platforms,
      )
    ) {
      const executable = executableOf("1.0.0", platform);
      assert.equal(binary!["sha256"], await sha256(executable));
      assert.equal(binary!["size"], executable.length);
      const name = String(url).replace("https://example.com/", "");
      assert.equal(size, (await readFile(join(from, name))).length);
    }
    assert.deepEqual((await verifyAssets(folder, from, "1.0.0", { runtime })).map(({ verdict }) => verdict), [
      "good",
      "good",
      "good",
    ]);
  });
});

test("add() refuses a version twice, a folder without its files, and files that contradict checksums.sha256", async () => {
  await withRelease(async ({ folder, runtime, key, from, place }) => {
    const options = { keys: [key], runtime };
    await assert.rejects(add(folder, { ...options, version: "1.0.0", from }), /has it already/);
    await assert.rejects(
      add(folder, { ...options, version: "2.0.0", from }),
      /has no file named demo-v2.0.0-/,
    );
    const other = await place("2.0.0");
    await writeAssets(other, "2.0.0");
    await writeFile(join(other, "checksums.sha256"), `${"0".repeat(64)}  ${APP}-v2.0.0-darwin-arm64.gz\n`);
    await assert.rejects(add(folder, { ...options, version: "2.0.0", from: other }), /has another digest/);
    await writeFile(join(other, `${APP}-v2.0.0-linux-x86_64.tar.gz`), "no archive");
    await rm(join(other, "checksums.sha256"));
    await assert.rejects(add(folder, { ...options, version: "2.0.0", from: other }), {
      code: "ARCHIVE_INVALID",
    });
  });
});

test("verifyAssets() and verifyExecutable() tell good files from others", async () => {
  await withRelease(async ({ folder, runtime, from, place }) => {
    const changed = join(from, `${APP}-v1.0.0-darwin-arm64.gz`);
    const bytes = await readFile(changed);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(changed, bytes);
    await writeFile(join(from, `${APP}-v1.0.0-linux-x86_64.tar.gz`), "short");
    await rm(join(from, `${APP}-v1.0.0-windows-x86_64.exe`));
    const verdicts = (await verifyAssets(folder, from, "1.0.0", { runtime })).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ["other digest", "other size", "missing"]);
    await assert.rejects(verifyAssets(folder, from, "9.0.0", { runtime }), RangeError);
    const path = join(await place("installed"), APP);
    await writeFile(path, executableOf("1.0.0", "linux-x86_64"));
    assert.deepEqual(await verifyExecutable(folder, path, { runtime }), {
      version: "1.0.0",
      platform: "linux-x86_64",
    });
    await writeFile(path, "another program");
    assert.equal(await verifyExecutable(folder, path, { runtime }), undefined);
  });
});

test("a change is refused when a client would refuse the result, and the folder stays as it was", async () => {
  await withRelease(async ({ folder, runtime, key }) => {
    const before = await contentOf(folder);
    const stranger = { keys: [await testKey(9)], runtime };
    await assert.rejects(refresh(folder, stranger), { code: "UNTRUSTED" });
    const step = { percent: 101 };
    await assert.rejects(rollout(folder, { keys: [key], runtime, version: "1.0.0", step }), {
      name: "RangeError",
    });
    const endless = { percent: 1, duration: `${"9".repeat(70)}d` };
    await assert.rejects(rollout(folder, { keys: [key], runtime, version: "1.0.0", step: endless }), {
      code: "MANIFEST_INVALID",
    });
    assert.deepEqual(await contentOf(folder), before);
  });
});

test("rotate() with lost manifest keys revives a manifest that has expired", async () => {
  await withRelease(async ({ folder, runtime, rootKey, clock }) => {
    clock.now += 100 * DAY;
    await assert.rejects(verify(folder, { runtime }), { code: "UNTRUSTED" });
    const fresh = await testKey(7);
    const manifest = { keys: [fresh.publicKey.text] };
    const { files } = await rotate(folder, { manifest, rootKeys: [rootKey], manifestKeys: [fresh], runtime });
    assert.ok(files.includes("version-manifest.json"));
    assert.deepEqual((await verify(folder, { runtime })).keyIds, [fresh.publicKey.id]);
  });
});

test("rotate() changes the root's own keys only with both the old and the new one", async () => {
  await withRelease(async ({ folder, runtime, rootKey }) => {
    const next = await testKey(8);
    const root = { keys: [next.publicKey.text] };
    for (const rootKeys of [[rootKey], [next]]) {
      await assert.rejects(rotate(folder, { root, rootKeys, manifestKeys: [], runtime }), {
        code: "UNTRUSTED",
      });
    }
    await rotate(folder, { root, rootKeys: [rootKey, next], manifestKeys: [], runtime });
    assert.equal((await verify(folder, { runtime })).root, 2);
    await rotate(folder, { rootKeys: [next], manifestKeys: [], runtime });
    assert.equal((await verify(folder, { runtime })).root, 3);
  });
});

/** Every change, each of which may be cut short anywhere. */
const changes: [
  name: string,
  change: (publisher: Released, dryRun: boolean) => Promise<{ changes: readonly string[] }>,
][] = [
  ["add", async ({ folder, runtime, key, place }, dryRun) => {
    const from = await place("2.0.0");
    await writeAssets(from, "2.0.0");
    return await add(folder, { keys: [key], runtime, dryRun, version: "2.0.0", from });
  }],
  [
    "promote",
    ({ folder, runtime, key }, dryRun) =>
      promote(folder, { keys: [key], runtime, dryRun, version: "1.0.0", channel: "beta" }),
  ],
  ["yank", async ({ folder, runtime, key }, dryRun) => {
    return await yank(folder, { keys: [key], runtime, dryRun, version: "1.0.0", reason: "x" });
  }],
  [
    "rollout",
    ({ folder, runtime, key }, dryRun) =>
      rollout(folder, { keys: [key], runtime, dryRun, version: "1.0.0", step: { percent: 5 } }),
  ],
  ["refresh", ({ folder, runtime, key }, dryRun) => refresh(folder, { keys: [key], runtime, dryRun })],
  ["rotate", async ({ folder, runtime, rootKey }, dryRun) => {
    const fresh = await testKey(7);
    const manifest = { keys: [fresh.publicKey.text] };
    return await rotate(folder, { manifest, rootKeys: [rootKey], manifestKeys: [fresh], runtime, dryRun });
  }],
];
for (const [name, change] of changes) {
  test(`${name}() says what it would change in a dry run and changes nothing`, async () => {
    await withRelease(async (publisher) => {
      const before = await contentOf(publisher.folder);
      const dry = await change(publisher, true);
      assert.deepEqual(await contentOf(publisher.folder), before);
      assert.deepEqual((await change(publisher, false)).changes, dry.changes);
      assert.notDeepEqual(await contentOf(publisher.folder), before);
    });
  });

  test(`${name}() leaves a folder that clients trust, wherever it is cut short`, async () => {
    await withRelease(async (publisher) => {
      const saved = await publisher.place("saved");
      await cp(publisher.folder, saved, { recursive: true });
      for (let renames = 0;; renames++) {
        const runtime = failingAfter(renames, publisher.runtime);
        const done = await change({ ...publisher, runtime }, false).then(() => true, (error: unknown) => {
          assert.ok(error instanceof FileError && error.kind === "full", String(error));
          return false;
        });
        assert.ok(await verify(publisher.folder, publisher), `after ${renames} renames`);
        assert.deepEqual((await readdir(publisher.folder)).filter((file) => file.endsWith(".tmp")), []);
        if (done) return assert.ok(renames >= 3);
        await rm(publisher.folder, { recursive: true });
        await cp(saved, publisher.folder, { recursive: true });
      }
    });
  });
}

test("lint() finds nothing in a good folder", async () => {
  await withRelease(async ({ folder, runtime }) => assert.deepEqual(await lint(folder, { runtime }), []));
});

test("lint() finds what a client would refuse and what a person would regret", async () => {
  await withRelease(async ({ folder, runtime, clock }) => {
    const previous = JSON.stringify({
      sequence: 99,
      latest: { stable: "2.0.0", beta: "1.0.0" },
      versions: { "2.0.0": {}, "1.0.0": {} },
    });
    const { document } = await edited(folder, (manifest) => {
      manifest.latest["nightly"] = "3.0.0";
      manifest.latest["dead"] = "0.8.0";
      manifest.latest["empty"] = "0.9.0";
      manifest.versions["0.8.0"] = { yanked: "x", platforms: manifest.versions["1.0.0"].platforms };
      manifest.versions["0.9.0"] = {};
      manifest.versions["1.1.0"] = {
        minimum_version: "7.0.0",
        rollout: { percent: 1, fallback: "1.1.0" },
        platforms: { "linux-x86_64": { url: "http://example.com/x.zip", sha256: "0".repeat(64) } },
      };
    });
    assert.ok(document);
    clock.now += 80 * DAY;
    const found = (await lint(folder, { runtime, previous })).map(({ level, where, message }) =>
      `${level} ${where}: ${message}`
    );
    for (
      const expected of [
        /^error signature: Cannot trust .* does not fit/,
        /^warning expires: the manifest has 10 days left/,
        /^error sequence: it is 4, the previous one 99/,
        /^error latest.nightly: there is no version 3.0.0/,
        /^error latest.dead: 0.8.0 was yanked/,
        /^error latest.empty: 0.9.0 has no files/,
        /^error versions.1.1.0.minimum_version: there is no version 7.0.0/,
        /^error versions.1.1.0.rollout.fallback: 1.1.0 is not older than 1.1.0/,
        /^warning versions.1.1.0.linux-x86_64: x.zip is no usual name/,
        /^warning versions.1.1.0.linux-x86_64: it has no size/,
        /^warning versions.1.1.0.linux-x86_64: it has no digest of the executable/,
        /^error versions.1.1.0.linux-x86_64: http:\/\/example.com\/x.zip is not https/,
        /^warning versions.1.1.0: it has no darwin-arm64, which 1.0.0 has/,
        /^warning latest.stable: it goes back from 2.0.0 to 1.0.0/,
        /^warning latest.beta: the channel is gone/,
      ]
    ) {
      assert.ok(found.some((line) => expected.test(line)), `${expected} in\n${found.join("\n")}`);
    }
    assert.ok(!found.join().includes("tell its publisher"), "the publisher reads this");
    clock.now += 230 * DAY;
    assert.ok(
      (await lint(folder, { runtime })).some(({ where }) => where === "1.root.json"),
      "the root has 55 days left",
    );
  });
});

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

test("lint() warns of less than two weeks also of a manifest that was made to hold for three", async () => {
  await withRelease(async ({ folder, runtime, clock, key }) => {
    await refresh(folder, { keys: [key], runtime, validity: 21 * DAY });
    for (const [passed, expected] of [[7, []], [8, ["expires"]]] as const) {
      const runtimeThen = { ...runtime, now: () => clock.now + passed * DAY };
      assert.deepEqual((await lint(folder, { runtime: runtimeThen })).map(({ where }) => where), expected);
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

interface Released extends Publisher {
  /** The folder with the files of 1.0.0. */
  readonly from: string;
}

/** A publisher who has released 0.1.0 and 1.0.0. */
async function withRelease(use: (publisher: Released) => Promise<void>): Promise<void> {
  await withPublisher(async (publisher) => {
    const { folder, runtime, key, place } = publisher;
    const options = { keys: [key], runtime, url: "https://example.com/" };
    const from = await place("1.0.0");
    for (const version of ["0.1.0", "1.0.0"]) {
      await writeAssets(from, version);
      await add(folder, { ...options, version, from });
    }
    await promote(folder, { ...options, version: "1.0.0", channel: "stable" });
    await use({ ...publisher, from });
  });
}

// deno-lint-ignore no-explicit-any
async function edited(folder: string, edit: (manifest: any) => void): Promise<{ document: unknown }> {
  const path = join(folder, "version-manifest.json");
  const document = JSON.parse(await readFile(path, "utf8"));
  edit(document);
  await writeFile(path, JSON.stringify(document));
  return { document };
}

async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort()) {
    if (name !== ".github") content[name] = await readFile(join(folder, name), "utf8");
  }
  return content;
}

/** A machine whose disk is full after some renames. */
function failingAfter(renames: number, runtime: Runtime): Runtime {
  let left = renames;
  const rename = (from: string, to: string) => {
    if (left-- > 0) return runtime.fs.rename(from, to);
    return Promise.reject(new FileError("full", "rename", to));
  };
  return { ...runtime, fs: Object.assign(Object.create(runtime.fs), { rename }) };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const { sha256 } = await import("../../src/bytes.ts");
  return await sha256(Uint8Array.from(bytes));
}
