import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { isUpdateError } from "../src/errors.ts";
import { downloadVerified } from "../src/download_verified.ts";
import type { UpdatePhase } from "../src/progress.ts";
import { recover } from "../src/recover.ts";
import { refusedVersions } from "../src/refused_versions.ts";
import type { MemoryBehaviour, MemoryCall, MemoryOperation } from "../src/runtime/memory.ts";
import { selfDescribing } from "../src/runtime/memory/program.ts";
import type { StagedUpdate } from "../src/staged_update.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "./support/memory_place.ts";

const OLD_APP = new TextDecoder().decode(appProgram(OLD));
const NEW_APP = new TextDecoder().decode(appProgram(NEW));
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

const badPrograms: [name: string, behaviour: MemoryBehaviour, reason: RegExp][] = [
  ["crashes", { exitCode: 3, stderr: "missing library\n" }, /exit code 3\): .* "missing library"/],
  ["hangs", { end: "never" }, /did not end within 10 s/],
  ["is ended by a signal", { end: "signal" }, /ended by a signal/],
  ["prints another version", { stdout: "app 1.9.9\n" }, /should print version 2\.0\.0/],
  [
    "prints a version that only begins like the right one",
    { stdout: "app 2.0.01\n" },
    /should print version/,
  ],
  ["prints its version in the second line", { stdout: "hello\napp 2.0.0\n" }, /should print version/],
  ["prints nothing", { stdout: "" }, /it printed nothing/],
  ["prints without end", { stdout: "x".repeat(65_537) }, /printed more than 65536 bytes/],
];

for (const [name, behaviour, reason] of badPrograms) {
  for (const backup of [undefined, "an older version"]) {
    const beside = backup === undefined ? "" : ", beside an older backup";
    test(`atomicReplace() does not swap in a version that ${name}${beside}`, async () => {
      const place = memoryPlace();
      if (backup !== undefined) place.machine.put(place.beside("app.backup"), backup);
      const before = place.folder();
      const staged = await place.staged({ content: appProgram(NEW, behaviour) });
      const error = await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED", {
        executable: staged.path,
      });
      assert.match(error.message, reason);
      assert.deepEqual(place.folder(), before);
    });
  }
}

test("atomicReplace() does not swap in a file that is no program", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const staged = await place.staged({ content: new Uint8Array([1, 2, 3]) });
  await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED", { exitCode: undefined });
  assert.deepEqual(place.folder(), before);
});

const probes: [
  name: string,
  stdout: string,
  probe: { expect?: (version: string) => string; args?: string[] },
][] = [
  ["the version as a word", "the app, 2.0.0 (build 7)\n", {}],
  ["the version as a tag", "v2.0.0\r\n", {}],
  ["the exact line", "release=2.0.0\n", { expect: (version) => `release=${version}` }],
];

for (const [name, stdout, probe] of probes) {
  test(`atomicReplace() accepts a version that prints ${name}`, async () => {
    const place = memoryPlace();
    const staged = await place.staged({ content: appProgram(NEW, { stdout }) });
    assert.equal((await atomicReplace(staged, { ...place.options, probe })).outcome, "updated");
  });
}

test("atomicReplace() does not accept another line than the exact one that is asked for", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const probe = { expect: (version: string) => `app version ${version}` };
  await failsWith(atomicReplace(staged, { ...place.options, probe }), "PROBE_FAILED");
});

test("atomicReplace() runs the new version with the given arguments and an empty environment", async () => {
  const calls: MemoryCall[] = [];
  const programs = (call: MemoryCall) => {
    calls.push(call);
    return selfDescribing(call);
  };
  const place = memoryPlace({ programs });
  const probe = { args: ["version", "--short"] };
  const staged = await place.staged();
  await atomicReplace(staged, { ...place.options, probe });
  assert.deepEqual(calls.map(({ path, args }) => [path, ...args]), [
    [staged.path, "version", "--short"],
    [place.executable, "version", "--short"],
  ]);
  for (const { env } of calls) {
    assert.deepEqual(Object.keys(env).sort(), ["TEMP", "TMP", "TMPDIR"]);
    assert.match(env["TMPDIR"]!, /^\/opt\/app\/\.app\.probe-[0-9a-f]{16}$/);
  }
});

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

test("atomicReplace() takes no update that downloadVerified did not make", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const before = place.folder();
  for (
    const forged of [
      { ...staged },
      Object.create(staged) as StagedUpdate,
      { path: "/bin/sh" } as StagedUpdate,
    ]
  ) {
    await assert.rejects(atomicReplace(forged, place.options), TypeError);
  }
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() takes a staged update once only, whatever the outcome", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  await atomicReplace(staged, place.options);
  await assert.rejects(atomicReplace(staged, place.options), TypeError);
  const bad = await place.staged({ version: "3.0.0", content: appProgram("3.0.0", { exitCode: 1 }) });
  await failsWith(atomicReplace(bad, place.options), "PROBE_FAILED");
  await assert.rejects(atomicReplace(bad, place.options), TypeError);
});

test("atomicReplace() takes no staged update that was discarded, and discarding again does nothing", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const staged = await place.staged();
  await staged.discard();
  await staged.discard();
  assert.deepEqual(place.folder(), before);
  await assert.rejects(atomicReplace(staged, place.options), TypeError);
});

test("a staged update does nothing when it is discarded after it was used", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  await atomicReplace(staged, place.options);
  const after = place.folder();
  await staged.discard();
  assert.deepEqual(place.folder(), after);
});

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

test("atomicReplace() rejects with the signal's reason when it was aborted before", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const reason = new Error("enough");
  const replacing = atomicReplace(await place.staged(), {
    ...place.options,
    signal: AbortSignal.abort(reason),
  });
  await assert.rejects(replacing, (error) => error === reason);
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() ends a probe that is under way when it is aborted", async () => {
  const abort = new AbortController();
  const programs = (call: MemoryCall) => {
    abort.abort("enough");
    return selfDescribing(call);
  };
  const place = memoryPlace({ programs, clock: "manual" });
  const before = place.folder();
  const staged = await place.staged({ content: appProgram(NEW, { end: "never" }) });
  const replacing = atomicReplace(staged, { ...place.options, signal: abort.signal });
  await assert.rejects(replacing, (error) => error === "enough");
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() finishes a swap that has begun when it is aborted", async () => {
  const place = memoryPlace();
  const abort = new AbortController();
  const staged = await place.staged();
  beforeSwap(place, staged, () => abort.abort());
  const { outcome } = await atomicReplace(staged, { ...place.options, signal: abort.signal });
  assert.equal(outcome, "updated");
});

test("atomicReplace() reports its phases in order", async () => {
  const phasesOf = async (place: MemoryPlace, content?: Uint8Array) => {
    const phases: UpdatePhase[] = [];
    const staged = await place.staged(content && { content });
    await atomicReplace(staged, { ...place.options, onProgress: ({ phase }) => void phases.push(phase) });
    return phases;
  };
  assert.deepEqual(await phasesOf(memoryPlace()), ["probing", "backing-up", "installing"]);
  const fussy = memoryPlace({ programs: failsUnderItsRealName });
  assert.deepEqual(await phasesOf(fussy, fussyApp()), [
    "probing",
    "backing-up",
    "installing",
    "rolling-back",
  ]);
});

for (const phase of ["probing", "backing-up", "installing"] as const) {
  test(`atomicReplace() undoes everything when a callback throws at "${phase}"`, async () => {
    const place = memoryPlace();
    place.machine.put(place.beside("app.backup"), "an older version");
    const before = place.folder();
    const thrown = new Error("the progress bar is broken");
    const onProgress = (progress: { phase: UpdatePhase }) => {
      if (progress.phase === phase) throw thrown;
    };
    const replacing = atomicReplace(await place.staged(), { ...place.options, onProgress });
    await assert.rejects(replacing, (error) => error === thrown);
    assert.deepEqual(place.folder(), before);
  });
}

test('atomicReplace() takes a bad version back also when a callback throws at "rolling-back"', async () => {
  const place = memoryPlace({ programs: failsUnderItsRealName });
  const before = place.folder();
  const onProgress = ({ phase }: { phase: UpdatePhase }) => {
    if (phase === "rolling-back") throw new Error("the progress bar is broken");
  };
  const staged = await place.staged({ content: fussyApp() });
  assert.equal((await atomicReplace(staged, { ...place.options, onProgress })).outcome, "rolled-back");
  assert.deepEqual(place.folder(), before);
});

test("atomicReplace() says where everything is when it can neither go on nor back", async () => {
  const place = memoryPlace({ programs: failsUnderItsRealName });
  const staged = await place.staged({ content: fussyApp() });
  const end = place.machine.operations.fail(
    "other",
    ({ name, to }) =>
      name === "rename" && to === place.executable && place.machine.read(place.executable) !== OLD_APP,
  );
  const error = await failsWith(atomicReplace(staged, place.options), "ROLLBACK_FAILED", {
    executable: place.executable,
    backup: place.beside("app.backup"),
    record: place.beside(".app.update.json"),
    staged: staged.path,
  });
  for (const path of [place.executable, "app.backup", ".app.update.json"]) {
    assert(error.message.includes(path));
  }
  assert(error.cause instanceof AggregateError);
  // Once the disk is well again and the process gone, recovery finds everything it needs.
  end();
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime })).outcome, "rolled-back");
  assert.deepEqual(place.folder(), { app: `file 755 ${OLD_APP}` });
});

// Every single operation of a replace fails once, in every way that a disk fails.
for (const os of ["linux", "windows"] as const) {
  for (const kind of ["denied", "full", "other"] as const) {
    test(`atomicReplace() on ${os} survives every operation that fails with "${kind}"`, async () => {
      const count = await countOperations(os);
      assert(count > 20, String(count));
      for (let index = 0; index < count; index++) await failAt(os, kind, index);
    });
  }
}

async function countOperations(os: "linux" | "windows"): Promise<number> {
  const place = memoryPlace({ os });
  place.machine.put(`${place.executable}.backup`, appProgram("0.9.0"));
  const staged = await place.staged();
  const before = place.machine.operations.log.length;
  await atomicReplace(staged, place.options);
  return place.machine.operations.log.length - before;
}

async function failAt(
  os: "linux" | "windows",
  kind: "denied" | "full" | "other",
  index: number,
): Promise<void> {
  const place = memoryPlace({ os });
  place.machine.put(`${place.executable}.backup`, appProgram("0.9.0"));
  const before = place.folder();
  const staged = await place.staged();
  const first = place.machine.operations.log.length;
  let failed: MemoryOperation | undefined;
  const end = place.machine.operations.fail(kind, (operation) => {
    if (operation.index !== first + index) return false;
    failed = operation;
    return true;
  });
  const outcome = await atomicReplace(staged, place.options).then(
    (result) => result.outcome,
    (error) => isUpdateError(error) ? error.code : `not translated: ${error}`,
  );
  end();
  const where = `${failed?.name} ${failed?.path} ${failed?.to ?? ""} failed, the outcome was ${outcome}`;
  const live = place.machine.read(place.executable);
  if (outcome === "updated") assert.equal(live, NEW_APP, where);
  else assert.equal(live, OLD_APP, where);
  // What could not be undone then is undone at the next start.
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  await recover({ ...place.options, runtime });
  assert.deepEqual(place.folder(), outcome === "updated" ? updatedFolder(os) : before, where);
}

function updatedFolder(os: "linux" | "darwin" | "windows"): Record<string, string> {
  const [name, file] = os === "windows" ? ["app.exe", "file"] : ["app", "file 755"];
  return { [name]: `${file} ${NEW_APP}`, [`${name}.backup`]: `${file} ${OLD_APP}` };
}

/** Does something at the last moment before the staged file becomes the live one. */
function beforeSwap({ machine, executable }: MemoryPlace, staged: StagedUpdate, act: () => void): void {
  machine.operations.before(({ name, path, to }) => {
    if (name === "rename" && (path === staged.path || to === executable)) act();
  });
}

/** A version that works under every name but its real one. */
function fussyApp(): Uint8Array {
  return appProgram(NEW, { stderr: "fussy" });
}

function failsUnderItsRealName(call: MemoryCall): MemoryBehaviour | undefined {
  const behaviour = selfDescribing(call);
  const isReal = /[/\\]app(\.exe)?$/.test(call.path);
  return behaviour?.stderr === "fussy" && isReal ? { ...behaviour, exitCode: 1 } : behaviour;
}
