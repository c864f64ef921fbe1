import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchManifest } from "../src/fetch_manifest.ts";
import { failsWith } from "./support/fails_with.ts";
import {
  filesFor,
  key,
  otherKey,
  server,
  signedServer,
  SOURCE,
  STATE,
  trusting,
} from "./support/manifest_server.ts";
import { APP, manifestText, rootText, signRoot } from "./support/signed_release.ts";

test("fetchManifest() does not accept a manifest that is older than one seen before", async () => {
  const { runtime, files } = await signedServer();
  await fetchManifest(SOURCE, trusting(runtime));
  Object.assign(files, await filesFor(manifestText({ sequence: 4 }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "UNTRUSTED", { reason: "replayed" });
  Object.assign(files, await filesFor(manifestText({ extra: 1 }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "UNTRUSTED", { reason: "equivocation" });
});

test("fetchManifest() does not accept a manifest below the compiled-in sequence", async () => {
  const { runtime } = await signedServer();
  const fetching = fetchManifest(SOURCE, { ...trusting(runtime), minimumSequence: 6 });
  await failsWith(fetching, "UNTRUSTED", { reason: "replayed" });
});

for (const state of ["", "{", "null", "[]", "x".repeat(300_000)]) {
  test(`fetchManifest() goes on without the state when it is ${JSON.stringify(state.slice(0, 4))}`, async () => {
    const { runtime } = await signedServer();
    runtime.machine.put(`${STATE}/trust.json`, state);
    await fetchManifest(SOURCE, trusting(runtime));
    assert.equal(JSON.parse(runtime.machine.read(`${STATE}/trust.json`)!).manifest.sequence, 5);
  });
}

test("after a power cut at any moment fetchManifest() knows the sequence before or the new one, and goes back to none (T2, T28)", async () => {
  const older = await filesFor(manifestText({ sequence: 4 }), [key]);
  const newer = await filesFor(manifestText({ sequence: 6 }), [key]);
  for (let index = 0;; index++) {
    const { runtime, files } = await signedServer();
    const { machine } = runtime;
    await fetchManifest(SOURCE, trusting(runtime));
    Object.assign(files, newer);
    const first = machine.operations.log.length;
    let isCut = false;
    const stopped = new Promise<boolean>((resolve) => {
      machine.operations.before((operation) => {
        if (operation.index !== first + index) return;
        isCut = true;
        runtime.kill();
        resolve(false);
      });
    });
    const done = fetchManifest(SOURCE, trusting(runtime)).then(() => true, () => false);
    const isDone = await Promise.race([done, stopped]);
    for (const { disk, lost } of machine.disk.powerCuts(1, 32)) {
      const where = `cut at operation ${index}, lost ${lost.join()}`;
      const after = server(older, undefined, disk).runtime;
      const { manifest } = JSON.parse(after.machine.read(`${STATE}/trust.json`)!);
      assert([isDone ? 6 : 5, 6].includes(manifest.sequence), `${where}: ${manifest.sequence}`);
      await failsWith(fetchManifest(SOURCE, trusting(after)), "UNTRUSTED", { reason: "replayed" });
    }
    if (!isCut) return assert(isDone && index > 3, `${index} operations`);
  }
});

test("fetchManifest() does not remember a manifest that it cannot read", async () => {
  const { runtime, files } = await signedServer();
  Object.assign(files, await filesFor(manifestText({ versions: { "1.2": {} } }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "MANIFEST_INVALID", { path: 'versions["1.2"]' });
  assert.equal(runtime.machine.read(`${STATE}/trust.json`), undefined);
});

test("fetchManifest() follows a rotation of keys, and remembers it even when the manifest is refused", async () => {
  const first = rootText({ version: 1, rootKeys: [key], manifestKeys: [key] });
  const second = await signRoot(rootText({ version: 2, rootKeys: [key], manifestKeys: [otherKey] }), [key]);
  const { runtime, files } = server({
    ...await filesFor(manifestText(), [key]),
    "https://releases.example/2.root.json": second.bytes,
    "https://releases.example/2.root.json.minisig": second.signature!,
  });
  const options = { runtime, app: APP, root: first };
  await failsWith(fetchManifest(SOURCE, options), "UNTRUSTED", { reason: "unknown-key" });
  // The withdrawn key stays withdrawn, also when the new root cannot be seen any more.
  delete files["https://releases.example/2.root.json"];
  await failsWith(fetchManifest(SOURCE, options), "UNTRUSTED", { reason: "unknown-key" });
  Object.assign(files, await filesFor(manifestText(), [otherKey]));
  assert.deepEqual((await fetchManifest(SOURCE, options)).trust.keyIds, [otherKey.publicKey.id]);
});
