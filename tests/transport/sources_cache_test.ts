import assert from "node:assert/strict";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { APP, manifestText, rootText, signManifest, signRoot, testKey } from "../support/signed_release.ts";
import { wireRuntime } from "../support/wire_runtime.ts";
import { FILE, optionsFor, serveManifest, statusesOf } from "./support/sources.ts";

serverTest(
  "a manifest that has not changed is not sent again, and verified again (T18)",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "", { sequence: 5 });
      const { runtime, clock } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      await fetchManifest(url, options);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server), [200, 200, 304], "its signature is not asked for");
      await clock.advance(365 * 86_400_000);
      await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    });
  },
);

serverTest(
  "a manifest that was only signed anew, after a rotation of keys, is accepted at once (T11)",
  {},
  async (server) => {
    await inTemporaryFolder(async (stateDirectory) => {
      const [old, next] = [await testKey(1), await testKey(2)];
      const root = rootText({ version: 1, rootKeys: [old], manifestKeys: [old] });
      const { runtime } = wireRuntime();
      const options = { app: APP, root, stateDirectory, runtime };
      const url = await serveManifest(server, "");
      await fetchManifest(url, options);
      const second = await signRoot(rootText({ version: 2, rootKeys: [old], manifestKeys: [next] }), [old]);
      server.serve("/2.root.json", second.bytes);
      server.serve("/2.root.json.minisig", second.signature ?? assert.fail("no signature"));
      const both = await signManifest(manifestText(), [old, next]);
      server.serve(`/${FILE}.minisig`, both.signature ?? assert.fail("no signature"));
      assert.deepEqual((await fetchManifest(url, options)).trust.keyIds, [next.publicKey.id]);
      const asked = server.requests.filter(({ path }) => path.startsWith(`/${FILE}`)).slice(2);
      assert.deepEqual(asked.map(({ path, status }) => [path, status]), [
        [`/${FILE}`, 304],
        [`/${FILE}`, 200],
        [`/${FILE}.minisig`, 200],
      ]);
      await fetchManifest(url, options);
      assert.equal(statusesOf(server).at(-1), 304);
    });
  },
);

serverTest("a manifest that was sent anew is judged by the signature of now", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    await fetchManifest(url, options);
    await serveManifest(server, "", { sequence: 6 });
    assert.equal((await fetchManifest(url, options)).sequence, 6);
    assert.deepEqual(statusesOf(server), [200, 200, 200, 200]);
  });
});

serverTest("a document that is refused for good is asked for twice at most", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime, clock } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    await fetchManifest(url, options);
    await clock.advance(365 * 86_400_000);
    await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    assert.deepEqual(statusesOf(server).slice(2), [304, 200, 200, 200, 200]);
  });
});

serverTest("a 304 that nobody asked for is an error (T18)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "");
    server.fault(`/${FILE}`, { kind: "status", status: 304 });
    const { runtime } = wireRuntime();
    await failsWith(fetchManifest(url, await optionsFor(folder, runtime)), "HTTP_STATUS", { status: 304 });
  });
});

serverTest("the same ETag with other bytes is taken as it comes (T18)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    server.fault("*", { kind: "headers", headers: { etag: '"same"' } }, { times: Infinity });
    await fetchManifest(url, options);
    await serveManifest(server, "", { sequence: 6 });
    assert.equal((await fetchManifest(url, options)).sequence, 6);
  });
});
