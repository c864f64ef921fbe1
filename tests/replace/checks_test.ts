import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../../src/atomic_replace.ts";
import { refusedVersions } from "../../src/refused_versions.ts";
import { failsWith } from "../support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW } from "../support/memory_place.ts";
import { beforeSwap } from "../support/swapped_place.ts";

const intrusions: [name: string, intrude: (place: MemoryPlace, path: string) => void][] = [
  [
    "exchanged for other bytes",
    ({ machine }, path) => machine.put(path, appProgram(NEW, { stderr: "evil" })),
  ],
  ["exchanged for a link to the same bytes", ({ machine }, path) => {
    machine.put("/tmp/elsewhere", appProgram(NEW));
    machine.putLink("/tmp/elsewhere", path);
  }],
];

for (const [name, intrude] of intrusions) {
  test(`atomicReplace() calls it tampering when the staged file was ${name} before (T22)`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const staged = await place.staged();
    intrude(place, staged.path);
    await failsWith(atomicReplace(staged, place.options), "TAMPERED", { path: staged.path });
    assert.deepEqual(place.folder(), before);
  });

  test(`atomicReplace() calls it tampering when the staged file is ${name} between probe and swap (T22)`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const staged = await place.staged();
    beforeSwap(place, staged, () => intrude(place, staged.path));
    await failsWith(atomicReplace(staged, place.options), "TAMPERED", { path: place.executable });
    assert.deepEqual(place.folder(), before);
    // An intruder says nothing about the version.
    assert.deepEqual(await refusedVersions(place.runtime, place.state("").slice(0, -1)), []);
  });
}

for (const os of ["linux", "windows"] as const) {
  test(`atomicReplace() on ${os} does not overwrite what another program has installed meanwhile`, async () => {
    for (const backup of [undefined, appProgram("0.9.0")]) {
      for (const keepBackups of [1, 3]) {
        const place = memoryPlace({ os });
        if (backup !== undefined) place.machine.put(`${place.executable}.backup`, backup);
        const staged = await place.staged();
        const runtime = place.machine.start();
        place.machine.put(place.beside("v4"), appProgram("4.0.0"), { mode: 0o755 });
        const aside = place.beside("before.exe");
        if (os === "windows") await runtime.fs.rename(place.executable, aside);
        await runtime.fs.rename(place.beside("v4"), place.executable);
        const error = await failsWith(
          atomicReplace(staged, { ...place.options, keepBackups }),
          "REPLACE_FAILED",
        );
        assert.match(
          error.message,
          /another program has changed \S+ meanwhile; nothing was changed; look for updates/,
        );
        const text = new TextDecoder();
        assert.equal(place.machine.read(place.executable), text.decode(appProgram("4.0.0")));
        const kept = place.machine.read(`${place.executable}.backup`);
        assert.equal(kept, backup === undefined ? undefined : text.decode(backup));
        assert.deepEqual(Object.keys(place.folder()).filter((name) => /^\.|older/.test(name)), []);
      }
    }
  });
}

test("atomicReplace() says that the executable is missing when it was removed meanwhile", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  await place.machine.start().fs.remove(place.executable);
  const error = await failsWith(atomicReplace(staged, place.options), "REPLACE_FAILED", {
    path: place.executable,
    operation: "compare",
  });
  assert.match(
    error.message,
    /\/opt\/app\/app is missing: somebody has removed or moved it meanwhile; nothing was/,
  );
  assert.deepEqual(place.folder(), {});
});
