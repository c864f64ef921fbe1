/**
 * The publisher's machine loses its power at every operation, or its disk is full: what lies there then is whole, and
 * clients accept it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Runtime } from "../../machine.ts";
import { isUpdateError } from "../../src/errors.ts";
import { parseSignatures, verifySignature } from "../../src/minisign.ts";
import { parsePublicKeyFile, parseSecretKeyFile } from "../../src/minisign_key_file.ts";
import { init, keygen, refresh, rotate, sign, verify } from "../../src/publish/mod.ts";
import { type MemoryRuntime, memoryRuntime } from "../../src/runtime/memory.ts";
import { APP, NOW, testKey } from "../support/signed_release.ts";

const FOLDER = "/home/user/releases";
const YEAR = 365 * 24 * 60 * 60 * 1000;
const [rootKey, key, fresh] = [await testKey(1), await testKey(2), await testKey(3)];

interface Cut {
  readonly title: string;
  /** What the machine shows as the time. */
  readonly now?: number;
  /** Whether there is a release folder to begin with. */
  readonly withFolder: boolean;
  readonly change: (runtime: Runtime) => Promise<unknown>;
  /** Fails when what a power cut has left is not whole. `isDone`: the change was reported as done. */
  readonly check: (after: MemoryRuntime, isDone: boolean) => Promise<void>;
}

function accepted(sequences: readonly number[], roots: readonly number[]): Cut["check"] {
  return async (runtime, isDone) => {
    const { sequence, root } = await verify(FOLDER, { runtime });
    assert(isDone ? sequence === sequences.at(-1) : sequences.includes(sequence!), `sequence ${sequence}`);
    assert(isDone ? root === roots.at(-1) : roots.includes(root), `root ${root}`);
  };
}

const cuts: Cut[] = [
  {
    title: "init()",
    withFolder: false,
    change: (runtime) => init(FOLDER, { app: APP, rootKeys: [rootKey], manifestKeys: [key], runtime }),
    check: async (runtime, isDone) => {
      const isThere = runtime.machine.names(FOLDER).includes("version-manifest.json");
      if (isDone || isThere) await verify(FOLDER, { runtime });
    },
  },
  {
    title: "a change of the manifest",
    withFolder: true,
    change: (runtime) => refresh(FOLDER, { keys: [key], runtime }),
    check: accepted([1, 2], [1]),
  },
  {
    title: "rotate() to other keys",
    withFolder: true,
    change: (runtime) => {
      const manifest = { keys: [fresh.publicKey.text] };
      return rotate(FOLDER, { manifest, rootKeys: [rootKey], manifestKeys: [fresh], runtime });
    },
    check: accepted([1], [1, 2]),
  },
  {
    title: "rotate() after the manifest has expired",
    now: NOW + YEAR / 2,
    withFolder: true,
    change: (runtime) => {
      const manifest = { keys: [fresh.publicKey.text] };
      return rotate(FOLDER, { manifest, rootKeys: [rootKey], manifestKeys: [fresh], runtime });
    },
    check: async (runtime, isDone) => {
      const refusal = await verify(FOLDER, { runtime }).then(() => undefined, (error: unknown) => error);
      if (refusal === undefined) return;
      // It was refused before, and until the end.
      assert(!isDone && isUpdateError(refusal) && refusal.code === "UNTRUSTED", String(refusal));
    },
  },
  {
    title: "sign()",
    withFolder: true,
    change: (runtime) => sign(`${FOLDER}/notes.txt`, { app: APP, key, runtime }),
    check: async ({ machine }, isDone) => {
      const block = machine.read(`${FOLDER}/notes.txt.minisig`);
      if (!isDone && block === undefined) return;
      const [signature] = parseSignatures(new TextEncoder().encode(block));
      assert(signature && await verifySignature(new TextEncoder().encode("notes"), signature, key.publicKey));
    },
  },
  {
    title: "keygen()",
    withFolder: true,
    change: (runtime) => keygen(`${FOLDER}/new.key`, { runtime }),
    check: async ({ machine }, isDone) => {
      const [secret, shown] = [machine.read(`${FOLDER}/new.key`), machine.read(`${FOLDER}/new.key.pub`)];
      if (isDone) assert(secret !== undefined && shown !== undefined);
      if (secret === undefined) return assert.equal(shown, undefined, "a public key without its secret one");
      const { publicKey } = await parseSecretKeyFile(secret);
      if (shown !== undefined) assert.deepEqual(parsePublicKeyFile(shown), publicKey);
    },
  },
];

for (const cut of cuts) {
  test(`a power cut at any moment of ${cut.title} leaves nothing half-written`, async () => {
    const whole = await machineFor(cut);
    const first = whole.machine.operations.log.length;
    await cut.change(whole);
    const count = whole.machine.operations.log.length - first;
    assert(count > 3, `${count} operations`);
    for (let index = 0; index <= count; index++) await cutAt(cut, index);
  });
}

for (const { title, withFolder, change } of cuts.filter(({ title }) => /init|keygen|sign/.test(title))) {
  test(`a full disk at any moment of ${title} leaves nothing at all`, async () => {
    for (let index = 0;; index++) {
      const runtime = await machineFor({ withFolder });
      const { machine } = runtime;
      const before = machine.names(FOLDER);
      let writes = 0;
      machine.operations.fail(
        "full",
        ({ name }) => /^(append|sync|link|open)$/.test(name) && writes++ === index,
      );
      const done = await change(runtime).then(() => true, () => false);
      if (done) return assert(index > 3, `${index} operations`);
      const left = machine.names(FOLDER).filter((name) => name !== ".github");
      assert.deepEqual(left, before, `operation ${index} failed`);
    }
  });
}

async function cutAt(cut: Cut, index: number): Promise<void> {
  const runtime = await machineFor(cut);
  const { machine } = runtime;
  const first = machine.operations.log.length;
  const stopped = new Promise<boolean>((resolve) => {
    machine.operations.before((operation) => {
      if (operation.index !== first + index) return;
      runtime.kill();
      resolve(false);
    });
  });
  const done = cut.change(runtime).then(() => true, () => false);
  const isDone = await Promise.race([done, stopped]);
  for (const { disk, lost } of machine.disk.powerCuts(1, 32)) {
    const after = memoryRuntime({ disk, now: runtime.now() });
    try {
      await cut.check(after, isDone);
    } catch (cause) {
      throw new Error(`cut at operation ${index}, lost ${lost.join()}: ${cause}`, { cause });
    }
  }
}

/** A release folder as it was before, all of it on the disk. */
async function machineFor(
  { withFolder, now = NOW }: Pick<Cut, "withFolder" | "now">,
): Promise<MemoryRuntime> {
  const runtime = memoryRuntime({ now });
  runtime.machine.putFolder(FOLDER);
  runtime.machine.put(`${FOLDER}/notes.txt`, "notes");
  for (const [name, content] of withFolder ? await folder : []) {
    runtime.machine.put(`${FOLDER}/${name}`, content);
  }
  return runtime;
}

const folder = (async () => {
  const runtime = memoryRuntime({ now: NOW });
  runtime.machine.putFolder(FOLDER);
  await init(FOLDER, { app: APP, rootKeys: [rootKey], manifestKeys: [key], runtime });
  const names = runtime.machine.names(FOLDER).filter((name) => name !== ".github");
  return names.map((name) => [name, runtime.machine.read(`${FOLDER}/${name}`)!] as const);
})();
