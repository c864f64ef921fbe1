import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { checkForUpdate, fetchManifest } from "../../mod.ts";
import { add, lint, promote, refresh, rollout, rotate, verify, yank } from "../../src/publish/mod.ts";
import { DAY, type Publisher, withPublisher, writeAssets } from "../support/publisher.ts";
import { APP, NOW, testKey } from "../support/signed_release.ts";

const MONTH = 30 * DAY;

test("a publisher's whole year: releases, channels, a rollout, a yank, a lost key; a client that slept is safe", async () => {
  await withPublisher(async (publisher) => {
    const { folder, runtime, clock, rootKey, key } = publisher;
    const options = { keys: [key], runtime };
    const release = async (version: string, signers = options) => {
      const from = await publisher.place(version);
      await writeAssets(from, version);
      await add(folder, { ...signers, version, from, notes: `What is new in ${version}` });
    };

    // January: the first release.
    await release("1.0.0");
    await promote(folder, { ...options, version: "1.0.0", channel: "stable" });
    assert.equal(await offered(publisher, "awake", "0.9.0"), "1.0.0");
    assert.equal(await offered(publisher, "sleeper", "0.9.0"), "1.0.0");

    // February: beta first, stable after some days.
    clock.now = NOW + MONTH;
    await release("1.1.0");
    await promote(folder, { ...options, version: "1.1.0", channel: "beta" });
    assert.equal(await offered(publisher, "awake", "1.0.0"), undefined);
    assert.equal(await offered(publisher, "tester", "1.0.0", "beta"), "1.1.0");
    await promote(folder, { ...options, version: "1.1.0", channel: "stable" });
    assert.equal(await offered(publisher, "awake", "1.0.0"), "1.1.0");

    // March: a staged rollout, paused over a weekend and resumed where it was.
    clock.now = NOW + 2 * MONTH;
    await release("1.2.0");
    const version = "1.2.0";
    await rollout(folder, { ...options, version, step: { percent: 0, duration: "4d", fallback: "1.1.0" } });
    await promote(folder, { ...options, version, channel: "stable" });
    assert.equal(await offered(publisher, "awake", "1.1.0"), undefined);
    clock.now += DAY;
    await rollout(folder, { ...options, version, step: "pause" });
    assert.equal(await share(folder, version), 25);
    clock.now += 2 * DAY;
    await rollout(folder, { ...options, version, step: "resume" });
    clock.now += 3 * DAY + 1000;
    assert.equal(await offered(publisher, "awake", "1.1.0"), "1.2.0");

    // April: 1.2.0 turns out bad. Whoever has it goes back.
    clock.now = NOW + 3 * MONTH;
    await yank(folder, { ...options, version, reason: "it forgets settings" });
    assert.equal(await offered(publisher, "awake", "1.2.0"), "1.1.0");

    // June: the manifest's key is lost, perhaps to somebody. The offline key names another one.
    clock.now = NOW + 5 * MONTH;
    const fresh = await testKey(3);
    await rotate(folder, {
      manifest: { keys: [fresh.publicKey.text] },
      rootKeys: [rootKey],
      manifestKeys: [fresh],
      runtime,
    });
    await release("1.3.0", { keys: [fresh], runtime });
    await promote(folder, { keys: [fresh], runtime, version: "1.3.0", channel: "stable" });
    assert.equal(await offered(publisher, "awake", "1.1.0"), "1.3.0");

    // November: the thief of the old key shows the sleeper an own manifest. Then it is shown the real one.
    clock.now = NOW + 10 * MONTH;
    await refresh(folder, { keys: [fresh], runtime });
    await assert.rejects(
      refresh(folder, options),
      { code: "UNTRUSTED" },
      "the old key signs nothing any more",
    );
    await assertForgeryRefused(publisher);
    assert.equal(await offered(publisher, "sleeper", "1.0.0"), "1.3.0");
    assert.equal(await offered(publisher, "awake", "1.3.0"), undefined);

    const { keyIds, root } = await verify(folder, { runtime });
    assert.deepEqual({ keyIds, root }, { keyIds: [fresh.publicKey.id], root: 2 });
    assert.deepEqual(await lint(folder, { runtime }), []);
  });
});

/** What a client with its own state is offered. */
async function offered(
  publisher: Publisher,
  client: string,
  currentVersion: string,
  channel = "stable",
): Promise<string | undefined> {
  const { folder, runtime, root } = publisher;
  const stateDirectory = await publisher.place(`state-${client}`);
  const source = pathToFileURL(join(folder, "version-manifest.json")).href;
  const trusted = { app: APP, root, stateDirectory, runtime };
  const manifest = await fetchManifest(source, trusted);
  const update = await checkForUpdate(manifest, {
    currentVersion,
    channel,
    target: "linux-x86_64",
    installationId: client,
    runtime,
  });
  return update?.version;
}

/** The thief has the old key and can put any file in the folder, also take the new root away. */
async function assertForgeryRefused(publisher: Publisher): Promise<void> {
  const { folder, key } = publisher;
  const path = join(folder, "version-manifest.json");
  const [text, signature] = [await readFile(path), await readFile(`${path}.minisig`)];
  const forged = { ...JSON.parse(text.toString()), sequence: Number.MAX_SAFE_INTEGER };
  const { signManifest } = await import("../support/signed_release.ts");
  const evil = await signManifest(JSON.stringify(forged), [key]);
  await writeFile(path, evil.bytes);
  await writeFile(`${path}.minisig`, evil.signature!);
  for (const client of ["sleeper", "awake"]) {
    await assert.rejects(offered(publisher, client, "1.0.0"), { code: "UNTRUSTED" }, client);
  }
  await writeFile(path, text);
  await writeFile(`${path}.minisig`, signature);
}

async function share(folder: string, version: string): Promise<number> {
  const { versions } = JSON.parse(await readFile(join(folder, "version-manifest.json"), "utf8"));
  return versions[version].rollout.percent;
}
