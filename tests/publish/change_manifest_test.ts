import assert from "node:assert/strict";
import { cp, readdir, rm } from "node:fs/promises";
import { test } from "node:test";
import { FileError, type Runtime } from "../../machine.ts";
import { add, promote, refresh, rollout, rotate, verify, yank } from "../../src/publish/mod.ts";
import { writeAssets } from "../support/publisher.ts";
import { contentOf, type Released, withRelease } from "../support/released.ts";
import { testKey } from "../support/signed_release.ts";

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

/** A machine whose disk is full after some renames. */
function failingAfter(renames: number, runtime: Runtime): Runtime {
  let left = renames;
  const rename = (from: string, to: string) => {
    if (left-- > 0) return runtime.fs.rename(from, to);
    return Promise.reject(new FileError("full", "rename", to));
  };
  return { ...runtime, fs: Object.assign(Object.create(runtime.fs), { rename }) };
}
