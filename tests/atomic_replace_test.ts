import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { downloadVerified } from "../src/download_verified.ts";
import { isUpdateError } from "../src/errors.ts";
import { refusedVersions } from "../src/refused_versions.ts";
import { failsWith } from "./support/fails_with.ts";
import { memoryPlace, NEW, OLD } from "./support/memory_place.ts";
import { failsUnderItsRealName, fussyApp, NEW_APP, OLD_APP, updatedFolder } from "./support/swapped_place.ts";

const SYSTEMS = ["linux", "darwin", "windows"] as const;

for (const os of SYSTEMS) {
  test(`atomicReplace() on ${os} puts the new version in place and keeps the old one as backup`, async () => {
    const place = memoryPlace({ os });
    const result = await atomicReplace(await place.staged(), place.options);
    assert.deepEqual(result, {
      outcome: "updated",
      from: OLD,
      to: NEW,
      executable: place.executable,
      backup: `${place.executable}.backup`,
      cause: undefined,
    });
    assert.deepEqual(place.folder(), updatedFolder(os));
  });

  test(`atomicReplace() on ${os} lets the new backup take the place of an older one`, async () => {
    const place = memoryPlace({ os });
    place.machine.put(`${place.executable}.backup`, "an older version");
    await atomicReplace(await place.staged(), place.options);
    assert.deepEqual(place.folder(), updatedFolder(os));
  });

  test(`atomicReplace() on ${os} takes back a version that fails under its real name only`, async () => {
    const place = memoryPlace({ os, programs: failsUnderItsRealName });
    place.machine.put(`${place.executable}.backup`, "an older version");
    const before = place.folder();
    const staged = await place.staged({ content: fussyApp() });
    const { outcome, cause } = await atomicReplace(staged, place.options);
    assert.equal(outcome, "rolled-back");
    assert(isUpdateError(cause) && cause.code === "PROBE_FAILED");
    assert.equal(cause.details.executable, place.executable);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(await refusedVersions(place.runtime, place.state("").slice(0, -1)), [NEW]);
  });
}

test("atomicReplace() leaves a symbolic link a link and replaces what it points to", async () => {
  const place = memoryPlace();
  place.machine.putLink(place.executable, "/usr/local/links/app");
  place.publish();
  const options = { ...place.options, executable: "/usr/local/links/app" };
  const result = await atomicReplace(await downloadVerified(await place.check(), options), options);
  assert.equal(result.executable, place.executable);
  assert.deepEqual(place.machine.names("/usr/local/links"), ["app"]);
  assert.equal((await place.runtime.fs.stat("/usr/local/links/app"))?.kind, "symlink");
  assert.equal(place.machine.read("/usr/local/links/app"), NEW_APP);
});

for (const mode of [0o755, 0o700, 0o555, 0o750]) {
  for (const format of ["raw", "tar.gz"] as const) {
    test(`atomicReplace() keeps the permissions ${mode.toString(8)} with a ${format} download`, async () => {
      const place = memoryPlace({ mode });
      await atomicReplace(await place.staged({ format }), place.options);
      const { app, "app.backup": backup } = place.folder();
      assert.equal(app, `file ${mode.toString(8)} ${NEW_APP}`);
      assert.equal(backup, `file ${mode.toString(8)} ${OLD_APP}`);
    });
  }
}

test("atomicReplace() copies the backup where the file system has no second names", async () => {
  const place = memoryPlace();
  place.machine.operations.fail("unsupported", ({ name }) => name === "link");
  const { outcome } = await atomicReplace(await place.staged(), place.options);
  assert.equal(outcome, "updated");
  assert.deepEqual(place.folder(), { app: `file 755 ${NEW_APP}`, "app.backup": `file 755 ${OLD_APP}` });
});

test("atomicReplace() does not touch a folder at the place of the backup", async () => {
  const place = memoryPlace();
  place.machine.put(place.beside("app.backup") + "/treasure", "gold");
  const before = place.folder();
  const replacing = atomicReplace(await place.staged(), place.options);
  await failsWith(replacing, "REPLACE_FAILED", { path: place.beside("app.backup") });
  assert.deepEqual(place.folder(), before);
  assert.equal(place.machine.read(place.beside("app.backup") + "/treasure"), "gold");
});
