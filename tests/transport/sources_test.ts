import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkForUpdate } from "../../src/check_for_update.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import type { Runtime } from "../../src/runtime/types.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { wireRuntime } from "../support/wire_runtime.ts";
import { digest, FILE, optionsFor, serveManifest } from "./support/sources.ts";

const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
for (const order of orders) {
  const names = order.map((index) => ["missing", "stale", "good"][index]);
  serverTest(`of the mirrors ${names.join(", ")} the good one counts (T8)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      await serveManifest(server, "/stale", { sequence: 6 });
      await serveManifest(server, "/good", { sequence: 7 });
      const { runtime } = wireRuntime();
      const sources = names.map((name) => `${server.url}/${name}/${FILE}`);
      const manifest = await fetchManifest(sources, await optionsFor(folder, runtime));
      assert.equal(manifest.sequence, 7);
      assert.equal(manifest.source, `${server.url}/good/${FILE}`);
      const state = JSON.parse(await readFile(join(folder, "trust.json"), "utf8"));
      assert.equal(state.manifest.sequence, 7);
    });
  });
}

for (const place of [0, 1]) {
  serverTest(`a mirror that hangs in place ${place + 1} costs a second at most (T8)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const good = await serveManifest(server, "/good");
      server.fault("/hangs", { kind: "stall", after: "headers" }, { times: Infinity });
      const { runtime, clock } = wireRuntime();
      const sources = [good];
      sources.splice(place, 0, `${server.url}/hangs`);
      const pending = fetchManifest(sources, await optionsFor(folder, runtime));
      await server.arrived(3);
      while (!clock.pauses().includes(1000)) await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(1000);
      assert.equal((await pending).source, good);
      assert.deepEqual(clock.pauses(), [], "no timer is left");
    });
  });
}

serverTest("mirrors with the same manifest are mirrors of its files (T8)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const content = "new";
    const asset = {
      url: "files/app",
      mirrors: ["https://fixed.example/app"],
      sha256: digest(content),
      size: 3,
    };
    const versions = { "1.2.0": { platforms: { "linux-x86_64": asset } } };
    const { runtime } = wireRuntime();
    const options = await optionsFor(join(folder, "state"), runtime);
    const sources = [];
    for (const place of ["/one", "/two", "/older"]) {
      sources.push(await serveManifest(server, place, { versions, sequence: place === "/older" ? 4 : 5 }));
    }
    const manifest = await fetchManifest(sources, options);
    const urls = manifest.versions.get("1.2.0")?.assets.get("linux-x86_64")?.urls;
    const fixed = "https://fixed.example/app";
    assert.deepEqual(urls, [`${server.url}/one/files/app`, fixed, `${server.url}/two/files/app`]);

    server.serve("/two/files/app", content);
    server.serve("/one/files/app", "bad");
    const update = await checkForUpdate(manifest, {
      ...options,
      currentVersion: "1.0.0",
      target: "linux-x86_64",
    });
    assert(update);
    const executable = join(folder, "app");
    await writeFile(executable, "old", { mode: 0o755 });
    const fetch: Runtime["fetch"] = (url, init) =>
      url === fixed ? Promise.reject(new TypeError("Requires net access")) : runtime.fetch(url, init);
    const staged = await downloadVerified(update, { ...options, runtime: { ...runtime, fetch }, executable });
    assert.equal(await readFile(staged.path, "utf8"), content);
    await staged.discard();
  });
});

serverTest("two mirrors with different manifests under one number are an attack (T2)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const one = await serveManifest(server, "/one");
    const two = await serveManifest(server, "/two", { versions: {}, latest: {} });
    const { runtime } = wireRuntime();
    const pending = fetchManifest([one, two], await optionsFor(folder, runtime));
    await failsWith(pending, "UNTRUSTED", { reason: "equivocation" });
    assert(!existsSync(join(folder, "trust.json")));
  });
});

serverTest("a file: source that cannot be read delays and ends no other one", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const good = await serveManifest(server, "/good");
    const options = await optionsFor(folder, wireRuntime().runtime);
    for (const bad of ["file:///srv/100%/", "file:///srv/%ff/", "file:///srv/a%2Fb/"]) {
      assert.equal((await fetchManifest([bad, good], options)).source, good);
      await failsWith(fetchManifest(bad, options), "ADDRESS_REFUSED");
    }
  });
});
