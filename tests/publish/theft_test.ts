/** The manifest's key is stolen, and the thief was at the release folder before the publisher noticed. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { fetchManifest } from "../../mod.ts";
import { add, lint, promote, refresh, rotate } from "../../src/publish/mod.ts";
import { type Publisher, withPublisher, writeAssets } from "../support/publisher.ts";
import { APP, signManifest, testKey } from "../support/signed_release.ts";

const NAMES = ["version-manifest.json", "version-manifest.json.minisig"];
const MAX = Number.MAX_SAFE_INTEGER;

test("T4: a thief who left the highest sequence does not end updates: rotate() refuses it, the last good manifest recovers", async () => {
  await withPublisher(async (publisher) => {
    const { folder, runtime, rootKey } = publisher;
    const good = await release(publisher);
    await seenBy(publisher, "victim");
    await forge(publisher, (manifest) => ({ ...manifest, sequence: MAX }));
    assert.equal(await seenBy(publisher, "victim"), MAX);

    const fresh = await testKey(3);
    const keys = { keys: [fresh], runtime };
    const options = {
      manifest: { keys: [fresh.publicKey.text] },
      rootKeys: [rootKey],
      manifestKeys: [fresh],
    };
    const forged = await read(folder);
    const refusal = {
      name: "RangeError",
      message: /sequence 9007199254740991 leaves no room .* restore the last good/,
    };
    await assert.rejects(rotate(folder, { ...options, runtime }), refusal);
    await assert.rejects(refresh(folder, { keys: [publisher.key], runtime }), refusal);
    assert.deepEqual(await read(folder), forged);
    const found = await lint(folder, { runtime });
    assert.deepEqual(found.map(({ level, where }) => [level, where]), [["error", "sequence"]]);

    await restore(folder, good);
    const { manifest, changes } = await rotate(folder, { ...options, runtime });
    const sha256 = manifest!.sha256;
    assert.deepEqual(manifest, { sequence: 3, channels: { stable: "1.0.0" }, versions: 1, sha256 });
    assert.equal(changes[0], `signed anew: sequence 3, stable 1.0.0, 1 version, SHA-256 ${sha256}`);
    assert.equal(await seenBy(publisher, "victim"), 3);
    await refresh(folder, keys);
    assert.equal(await seenBy(publisher, "victim"), 4);
    assert.equal(await seenBy(publisher, "fresh"), 4);

    // The thief's manifest once more, with the root that the new key has.
    const recovered = await read(folder);
    await restore(folder, forged);
    for (const client of ["victim", "fresh"]) {
      await assert.rejects(seenBy(publisher, client), { code: "UNTRUSTED" });
    }
    await restore(folder, recovered);
  });
});

test("T11: rotate() shows what the thief left before the new key makes it genuine, also in a dry run", async () => {
  await withPublisher(async (publisher) => {
    const { folder, runtime, rootKey } = publisher;
    await release(publisher);
    await forge(publisher, (manifest) => ({
      ...manifest,
      sequence: 4,
      latest: { stable: "6.6.6" },
      versions: { ...manifest["versions"] as object, "6.6.6": {} },
    }));
    const fresh = await testKey(3);
    const { manifest, changes } = await rotate(folder, {
      manifest: { keys: [fresh.publicKey.text] },
      rootKeys: [rootKey],
      manifestKeys: [fresh],
      dryRun: true,
      runtime,
    });
    assert.deepEqual({ ...manifest, sha256: "" }, {
      sequence: 4,
      channels: { stable: "6.6.6" },
      versions: 2,
      sha256: "",
    });
    assert.match(changes[0]!, /^signed anew: sequence 4, stable 6\.6\.6, 2 versions, SHA-256 [0-9a-f]{64}$/);
  });
});

test("rotate() names the keys of each role, and says when nothing but the expiry is new", async () => {
  await withPublisher(async ({ folder, runtime, rootKey, key }) => {
    const { manifest, changes } = await rotate(folder, { rootKeys: [rootKey], manifestKeys: [], runtime });
    const [root, release] = [rootKey.publicKey.id, key.publicKey.id];
    const roles = `root 2: root 1 of 1 (${root}), manifest 1 of 1 (${release})`;
    assert.deepEqual(changes, [`${roles}; nothing but its expiry is new`]);
    assert.equal(manifest, undefined);
  });
});

test("lint() and changes leave a sequence of 2^52 alone and no higher one", async () => {
  for (const [sequence, isFine] of [[2 ** 52, true], [2 ** 52 + 1, false]] as const) {
    await withPublisher(async (publisher) => {
      const { folder, runtime, key } = publisher;
      await forge(publisher, (manifest) => ({ ...manifest, sequence }));
      assert.equal((await lint(folder, { runtime })).length === 0, isFine);
      const change = refresh(folder, { keys: [key], runtime });
      await (isFine ? change : assert.rejects(change, RangeError));
    });
  }
});

async function release({ folder, runtime, key, place }: Publisher): Promise<Buffer[]> {
  const from = await place("1.0.0");
  await writeAssets(from, "1.0.0");
  await add(folder, { keys: [key], runtime, version: "1.0.0", from });
  await promote(folder, { keys: [key], runtime, version: "1.0.0", channel: "stable" });
  return await read(folder);
}

/** The sequence that a client accepts, which has its own state. */
async function seenBy(
  { folder, runtime, root, place }: Publisher,
  client: string,
): Promise<number | undefined> {
  const stateDirectory = await place(`state-${client}`);
  const source = pathToFileURL(join(folder, NAMES[0]!)).href;
  return (await fetchManifest(source, { app: APP, root, stateDirectory, runtime })).sequence;
}

/** Puts a manifest by the stolen key in the folder's place. */
async function forge(
  { folder, key }: Publisher,
  change: (manifest: Record<string, unknown>) => object,
): Promise<void> {
  const [text] = await read(folder);
  const evil = await signManifest(JSON.stringify(change(JSON.parse(text!.toString()))), [key]);
  await restore(folder, [Buffer.from(evil.bytes), Buffer.from(evil.signature!)]);
}

async function read(folder: string): Promise<Buffer[]> {
  return await Promise.all(NAMES.map((name) => readFile(join(folder, name))));
}

async function restore(folder: string, files: readonly Buffer[]): Promise<void> {
  for (const [index, name] of NAMES.entries()) await writeFile(join(folder, name), files[index]!);
}
