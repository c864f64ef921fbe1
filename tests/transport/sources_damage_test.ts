import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { wireRuntime } from "../support/wire_runtime.ts";
import { BINARY, githubRuntime, release, RELEASES } from "./support/github.ts";
import { damageCache, digest, FILE, optionsFor, serveManifest, statusesOf } from "./support/sources.ts";

/** What is done to the kept files, given the first line and the rest of each; what the next check sends for each. */
const damages: [title: string, damaged: (head: string, body: string) => string, statuses: number[]][] = [
  ["is empty", () => "", [200, 200]],
  ["has no ETag", () => "x\n{}", [200, 200]],
  ["ends in the middle", (head, body) => `${head}\n${body.slice(0, 30)}`, [200, 200]],
  ["has the right ETag and other bytes", (head) => `${head}\n{}`, [200, 200]],
  [
    "has the right ETag, other bytes and their digest",
    (head) => `${head.split(" ")[0]} ${digest("{}")}\n{}`,
    [304, 200, 200],
  ],
];
for (const [title, damaged, statuses] of damages) {
  for (const isSigned of [true, false]) {
    const keys = isSigned ? "with keys" : "without keys";
    serverTest(`a cache that ${title} is asked for anew, ${keys} (T18, T35)`, {}, async (server) => {
      await inTemporaryFolder(async (folder) => {
        const url = await serveManifest(server, "");
        const { runtime } = wireRuntime();
        const options = isSigned ? await optionsFor(folder, runtime) : { stateDirectory: folder, runtime };
        await fetchManifest(url, options);
        const documents = server.requests.filter(({ status }) => status === 200).length;
        await damageCache(folder, damaged);
        assert.equal((await fetchManifest(url, options)).sequence, 5);
        const expected = isSigned ? statuses : statuses.slice(0, -1);
        assert.deepEqual(statusesOf(server).slice(documents), expected);
        assert.equal((await fetchManifest(url, options)).sequence, 5);
        assert.deepEqual(
          statusesOf(server).slice(documents),
          [...expected, 304],
          "what was accepted is kept",
        );
      });
    });
  }
}

/** What is done to the kept signature alone, and what the next check sends. */
const damagedSignatures: [title: string, damaged: (head: string, body: string) => string, number[]][] = [
  ["is empty", () => "", [304, 200]],
  ["has other bytes than it had", (head) => `${head}\n?`, [304, 200]],
  ["is one of something else", (head) => `${head.split(" ")[0]} ${digest("?")}\n?`, [304, 200, 200]],
];
for (const [title, damaged, statuses] of damagedSignatures) {
  serverTest(`a kept signature that ${title} is asked for anew (T18, T35)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      await fetchManifest(url, options);
      const isSignature = (body: string) => body.startsWith("untrusted comment:");
      await damageCache(folder, (head, body) => isSignature(body) ? damaged(head, body) : `${head}\n${body}`);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server).slice(2), statuses);
      await fetchManifest(url, options);
      assert.deepEqual(statusesOf(server).slice(2), [...statuses, 304], "what was accepted is kept");
    });
  });
}

for (const path of [`/${FILE}`, `/${FILE}.minisig`]) {
  serverTest(`one bad transfer of ${path} does not outlive its check (T18, T35)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      server.fault(path, { kind: "corrupt", at: 30 });
      await failsWith(fetchManifest(url, options), "UNTRUSTED");
      assert(!existsSync(join(folder, "cache")), "what was refused is not kept");
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server), [200, 200, 200, 200]);
    });
  });
}

serverTest("one bad transfer without keys does not outlive its check (T35)", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    const url = await serveManifest(server, "");
    const { runtime } = wireRuntime();
    server.fault(`/${FILE}`, { kind: "corrupt", at: 0 });
    await failsWith(fetchManifest(url, { stateDirectory, runtime }), "MANIFEST_INVALID");
    assert.equal((await fetchManifest(url, { stateDirectory, runtime })).sequence, 5);
  });
});

serverTest("a damaged list of releases does not outlive its check (T35)", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    server.serve(RELEASES, JSON.stringify([release("v1.2.0", { [BINARY]: "new" })]));
    const options = { stateDirectory, runtime: githubRuntime(server) };
    server.fault(RELEASES, { kind: "corrupt", at: 0 });
    await failsWith(fetchManifest("github:o/r", options), "MANIFEST_INVALID");
    assert.equal((await fetchManifest("github:o/r", options)).versions.size, 1);
    await damageCache(stateDirectory, (head) => `${head.split(" ")[0]} ${digest("{")}\n{`);
    assert.equal((await fetchManifest("github:o/r", options)).versions.size, 1);
    assert.deepEqual(
      server.requests.filter(({ path }) => path.startsWith(RELEASES)).map(({ status }) => status),
      [200, 200, 304, 200],
    );
  });
});
