import assert from "node:assert/strict";
import { test } from "node:test";
import { checkForUpdate, explainUpdate } from "../src/check_for_update.ts";
import { fetchManifest } from "../src/fetch_manifest.ts";
import { installationId } from "../src/installation_id.ts";
import { refuseVersion } from "../src/refused_versions.ts";
import { memoryRuntime } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";
import { ASSET, parsed, withRelease } from "./support/manifest_documents.ts";
import { memoryPlace, NEW, OLD } from "./support/memory_place.ts";

const STATE = "/home/user/.local/state/app";
const platforms = { "linux-x86_64": ASSET };

test("checkForUpdate() finds the update with everything the manifest says about it", async () => {
  const place = memoryPlace();
  place.publish({
    release: { release_notes: "https://example.com/notes", critical: true, notes: "- Fix" },
    manifest: { latest: { stable: OLD, beta: NEW } },
  });
  const update = await checkForUpdate(place.source, { ...place.options, channel: "beta" });
  const { release, asset, ...facts } = update!;
  assert.deepEqual(facts, {
    app: "app",
    version: NEW,
    from: OLD,
    latest: NEW,
    channel: "beta",
    target: "linux-x86_64",
    reason: "newer",
    notes: "- Fix",
    notesUrl: "https://example.com/notes",
    critical: true,
    trust: { signed: false, keyIds: [] },
    source: place.source,
    expires: undefined,
  });
  assert.equal(release.version, NEW);
  assert.equal(asset.urls[0], `https://releases.example/app-${NEW}.tar.gz`);
});

test("checkForUpdate() is undefined when there is nothing newer", async () => {
  const place = memoryPlace();
  place.publish();
  assert.equal(await checkForUpdate(place.source, { ...place.options, currentVersion: NEW }), undefined);
  assert.equal(await checkForUpdate(place.source, { ...place.options, currentVersion: "3.0.0" }), undefined);
});

test("checkForUpdate() fetches nothing when it is given a manifest", async () => {
  const place = memoryPlace();
  place.publish();
  const manifest = await fetchManifest(place.source, place.options);
  const fetches = () => place.machine.operations.log.filter(({ name }) => name === "fetch").length;
  const before = fetches();
  assert.equal((await checkForUpdate(manifest, place.options))?.version, NEW);
  assert.equal(fetches(), before);
});

test("checkForUpdate() takes several sources", async () => {
  const place = memoryPlace();
  place.publish();
  const sources = ["https://gone.example/m.json", place.source];
  assert.equal((await checkForUpdate(sources, place.options))?.version, NEW);
});

for (const currentVersion of ["v1.0.0", "1.0", "", "latest"]) {
  test(`checkForUpdate() tells its caller that ${JSON.stringify(currentVersion)} is no version before it fetches`, async () => {
    const place = memoryPlace();
    const count = place.machine.operations.log.length;
    await assert.rejects(checkForUpdate(place.source, { ...place.options, currentVersion }), TypeError);
    assert.equal(place.machine.operations.log.length, count);
  });
}

test("checkForUpdate() chooses for another target, by any of its names", async () => {
  const { runtime } = memoryPlace();
  const manifest = parsed(withRelease({ platforms: { "darwin-arm64": ASSET } }));
  const options = { runtime, currentVersion: "0.1.0" };
  const update = await checkForUpdate(manifest, { ...options, target: "aarch64-apple-darwin" });
  assert.equal(update?.target, "darwin-arm64");
  await failsWith(checkForUpdate(manifest, options), "ASSET_MISSING", { target: "linux-x86_64" });
});

test("checkForUpdate() asks for the system's version only where a release needs one", async () => {
  let asked = 0;
  const runtime = { ...memoryPlace().runtime, osVersion: () => Promise.resolve(`6.${++asked}`) };
  const check = (fields: object) =>
    checkForUpdate(parsed(withRelease({ platforms, ...fields })), { runtime, currentVersion: "0.1.0" });
  await check({ minimum_os: { darwin: "12" } });
  assert.equal(asked, 0);
  assert.equal((await check({ minimum_os: { linux: "6.1" } }))?.version, "1.0.0");
  assert.equal(await check({ minimum_os: { linux: "7" } }), undefined);
  assert.equal(asked, 2);
});

test("checkForUpdate() keeps an identity only where a release is rolled out, and keeps it for good", async () => {
  const { runtime, machine, state } = memoryPlace();
  const options = { runtime, app: "app", currentVersion: "0.1.0" };
  const check = (rollout: object | null, more = {}) =>
    checkForUpdate(parsed(withRelease({ platforms, rollout })), { ...options, ...more });
  await check(null);
  await check({ percent: 50 }, { manual: true });
  await check({ percent: 50 }, { installationId: "mine" });
  assert.equal(machine.read(state("installation-id")), undefined);
  const offered = await check({ percent: 50 });
  const id = machine.read(state("installation-id"));
  assert.match(id!, /^[0-9a-f]{32}\n$/);
  assert.deepEqual(await check({ percent: 50 }), offered);
  assert.equal(machine.read(state("installation-id")), id);
});

test("checkForUpdate() offers a rollout to everybody in the end, also where no identity can be kept", async () => {
  const place = memoryPlace();
  place.machine.putFolder(STATE, { mode: 0o555 });
  const check = (percent: number) =>
    checkForUpdate(parsed(withRelease({ platforms, rollout: { percent } })), {
      ...place.options,
      currentVersion: "0.1.0",
    });
  assert.equal(await check(99), undefined);
  assert.equal((await check(100))?.version, "1.0.0");
});

test("installationId() makes one for all who ask at once", async () => {
  const { machine } = memoryPlace();
  const processes = Array.from({ length: 5 }, () => machine.start());
  const ids = await Promise.all(processes.map((runtime) => installationId(runtime, STATE)));
  assert.equal(new Set(ids).size, 1);
  assert.match(ids[0]!, /^[0-9a-f]{32}$/);
});

for (const damage of ["", "short", "\0".repeat(33), "x".repeat(1000)]) {
  test(`installationId() replaces a damaged one (${JSON.stringify(damage.slice(0, 5))})`, async () => {
    const runtime = memoryRuntime();
    runtime.machine.put(`${STATE}/installation-id`, damage);
    const id = await installationId(runtime, STATE);
    assert.match(id!, /^[0-9a-f]{32}$/);
    assert.equal(await installationId(runtime, STATE), id);
  });
}

test("checkForUpdate() does not offer a version that failed here, unless it is asked for by name", async () => {
  const place = memoryPlace();
  place.publish();
  await refuseVersion(place.runtime, STATE, NEW);
  assert.equal(await checkForUpdate(place.source, place.options), undefined);
  const again = await checkForUpdate(place.source, { ...place.options, refusedVersions: [] });
  assert.equal(again?.version, NEW);
  assert.equal((await checkForUpdate(place.source, { ...place.options, version: NEW }))?.reason, "requested");
});

test("checkForUpdate() needs no right to read the state folder", async () => {
  const place = memoryPlace();
  place.publish();
  await refuseVersion(place.runtime, STATE, NEW);
  place.machine.operations.fail("denied", ({ path }) => path.startsWith(STATE));
  assert.equal((await checkForUpdate(place.source, place.options))?.version, NEW);
});

test("checkForUpdate() measures a release's age by the runtime's clock", async () => {
  const date = "2026-01-10T00:00:00Z";
  const day = 86_400_000;
  const check = (now: number) =>
    checkForUpdate(parsed(withRelease({ platforms, date })), {
      runtime: memoryRuntime({ now }),
      app: "app",
      currentVersion: "0.1.0",
      minimumAge: 3 * day,
    });
  assert.equal(await check(Date.parse(date) + 3 * day - 1), undefined);
  assert.equal((await check(Date.parse(date) + 3 * day))?.version, "1.0.0");
});

test("explainUpdate() tells what each rule said, also when nothing is offered", async () => {
  const manifest = parsed(withRelease({ platforms, yanked: "loses data" }));
  const { runtime } = memoryPlace();
  const { verdicts, latest, update } = await explainUpdate(manifest, {
    runtime,
    app: "app",
    currentVersion: "0.1.0",
  });
  assert.equal(update, undefined);
  assert.equal(latest, "1.0.0");
  assert.deepEqual(verdicts, [
    { rule: "channel", version: "1.0.0", passed: true, reason: "channel stable points to version 1.0.0" },
    { rule: "yanked", version: "1.0.0", passed: false, reason: "it was withdrawn: loses data" },
  ]);
});

for (
  const [name, options, code] of [
    ["a channel", { channel: "nightly" }, "CHANNEL_MISSING"],
    ["a version", { version: "9.9.9" }, "VERSION_MISSING"],
  ] as const
) {
  test(`checkForUpdate() says that there is no such ${name}`, async () => {
    const place = memoryPlace();
    place.publish();
    await failsWith(checkForUpdate(place.source, { ...place.options, ...options }), code);
  });
}
