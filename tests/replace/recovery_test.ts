import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadVerified } from "../../src/download_verified.ts";
import { pathsOf } from "../../src/installation.ts";
import type { ReplaceRecord } from "../../src/journal.ts";
import { recover, type RecoverResult } from "../../src/recover.ts";
import type { MemoryOperation, MemoryRuntime } from "../../src/runtime/memory.ts";
import { failsWith } from "../support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "../support/memory_place.ts";
import { digest } from "../support/release.ts";

const NAMES = { linux: "app", windows: "app.exe" } as const;
const STAGED = { linux: ".app.new-0123456789abcdef", windows: ".app.exe.new-0123456789abcdef.exe" } as const;
const DISPLACED = {
  linux: ".app.old-0123456789abcdef",
  windows: ".app.exe.old-0123456789abcdef.exe",
} as const;

/** What can lie at a path, by its role in the update that was interrupted. */
const FILES = {
  old: appProgram(OLD),
  new: appProgram(NEW),
  "new but broken": appProgram(NEW, { exitCode: 1 }),
  "another version": appProgram("9.9.9"),
  damaged: new TextEncoder().encode('#!memory {"stdo'),
  older: appProgram("0.9.0"),
} as const;

type FileKind = keyof typeof FILES;

/** What a crash left, and what is there after recovery. */
interface Row {
  readonly record: "claimed" | "valid" | "torn";
  readonly live?: FileKind;
  readonly backup?: FileKind;
  readonly displaced?: FileKind;
  readonly outcome: RecoverResult["outcome"] | "ROLLBACK_FAILED";
  readonly after: { readonly live?: FileKind; readonly backup?: FileKind };
}

const rows: readonly Row[] = [
  // Nothing was swapped yet.
  { record: "claimed", live: "old", outcome: "dropped", after: { live: "old" } },
  {
    record: "claimed",
    live: "old",
    backup: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },
  { record: "claimed", live: "another version", outcome: "dropped", after: { live: "another version" } },
  {
    record: "claimed",
    live: "damaged",
    backup: "older",
    outcome: "dropped",
    after: { live: "damaged", backup: "older" },
  },
  { record: "claimed", backup: "older", outcome: "restored", after: { live: "older" } },
  { record: "claimed", outcome: "ROLLBACK_FAILED", after: {} },

  // The new file never took its place.
  { record: "valid", live: "old", outcome: "dropped", after: { live: "old" } },
  { record: "valid", live: "old", backup: "old", outcome: "dropped", after: { live: "old" } },
  {
    record: "valid",
    live: "old",
    displaced: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },
  {
    record: "valid",
    live: "old",
    backup: "old",
    displaced: "older",
    outcome: "dropped",
    after: { live: "old", backup: "older" },
  },

  // Swapped, not committed.
  {
    record: "valid",
    live: "new",
    backup: "old",
    outcome: "committed",
    after: { live: "new", backup: "old" },
  },
  {
    record: "valid",
    live: "new",
    backup: "old",
    displaced: "older",
    outcome: "committed",
    after: { live: "new", backup: "old" },
  },
  { record: "valid", live: "new", outcome: "committed", after: { live: "new" } },
  { record: "valid", live: "new but broken", backup: "old", outcome: "rolled-back", after: { live: "old" } },
  {
    record: "valid",
    live: "new but broken",
    backup: "old",
    displaced: "older",
    outcome: "rolled-back",
    after: { live: "old", backup: "older" },
  },
  { record: "valid", live: "new but broken", outcome: "ROLLBACK_FAILED", after: { live: "new but broken" } },

  // The live file is damaged.
  { record: "valid", live: "damaged", backup: "old", outcome: "restored", after: { live: "old" } },
  {
    record: "valid",
    live: "damaged",
    backup: "old",
    displaced: "older",
    outcome: "restored",
    after: { live: "old", backup: "older" },
  },

  // Somebody else replaced the executable.
  { record: "valid", live: "another version", outcome: "kept", after: { live: "another version" } },
  {
    record: "valid",
    live: "another version",
    backup: "older",
    outcome: "kept",
    after: { live: "another version", backup: "older" },
  },
  { record: "valid", live: "damaged", backup: "older", outcome: "rolled-back", after: { live: "older" } },
  { record: "valid", live: "damaged", outcome: "ROLLBACK_FAILED", after: { live: "damaged" } },

  // Windows, between the two renames.
  { record: "valid", backup: "old", outcome: "restored", after: { live: "old" } },
  {
    record: "valid",
    backup: "old",
    displaced: "older",
    outcome: "restored",
    after: { live: "old", backup: "older" },
  },
  { record: "valid", outcome: "ROLLBACK_FAILED", after: {} },

  // The record is torn.
  { record: "torn", live: "old", outcome: "kept", after: { live: "old" } },
  { record: "torn", live: "new", backup: "old", outcome: "kept", after: { live: "new", backup: "old" } },
  { record: "torn", live: "damaged", backup: "old", outcome: "rolled-back", after: { live: "old" } },
  { record: "torn", backup: "old", outcome: "restored", after: { live: "old" } },
  { record: "torn", live: "damaged", outcome: "ROLLBACK_FAILED", after: { live: "damaged" } },
  { record: "torn", outcome: "ROLLBACK_FAILED", after: {} },
];

/** The first lock for the record that {@link crashed} leaves. */
const LOCK = "/opt/app/.app.update.takeover.0123456789abcdef.0";

const UNSWAPPED: Row = { record: "valid", live: "old", outcome: "dropped", after: { live: "old" } };
const SWAPPED: Row = {
  record: "valid",
  live: "new",
  backup: "old",
  outcome: "committed",
  after: { live: "new", backup: "old" },
};

for (const os of ["linux", "windows"] as const) {
  for (const row of rows) {
    test(`recover() on ${os} of ${describe(row)}: ${row.outcome}`, async () => {
      const { place, runtime } = await crashed(os, row);
      const before = place.folder();
      const recovering = recover({ ...place.options, executable: place.executable, runtime });
      if (row.outcome === "ROLLBACK_FAILED") {
        const error = await failsWith(recovering, "ROLLBACK_FAILED", { executable: place.executable });
        assert(error.message.includes(place.executable));
        // A human needs everything that is left.
        assert.deepEqual(place.folder(), before);
        return;
      }
      assert.equal((await recovering).outcome, row.outcome);
      assert.deepEqual(readFolder(place), expectedFolder(os, row.after));
      assert.equal(
        (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
        "none",
      );
    });
  }

  test(`recover() on ${os} can itself be killed before any of its operations`, async () => {
    for (const row of rows.filter(({ outcome }) => outcome !== "ROLLBACK_FAILED")) {
      for (let index = 0;; index++) {
        const { place, runtime } = await crashed(os, row);
        const first = place.machine.operations.log.length;
        const killed = new Promise<MemoryOperation>((resolve) => {
          place.machine.operations.before((operation) => {
            if (operation.index !== first + index) return;
            runtime.kill();
            resolve(operation);
          });
        });
        const options = { ...place.options, executable: place.executable };
        const ended = recover({ ...options, runtime }).then(() => undefined);
        const operation = await Promise.race([ended, killed]);
        if (operation === undefined) break;
        const next = place.machine.start({ pid: 300 });
        await recover({ ...options, runtime: next });
        const where = `${describe(row)}, killed before ${operation.name} ${operation.path}`;
        assert.deepEqual(readFolder(place), expectedFolder(os, row.after), where);
      }
    }
  });
}

test("recover() on windows moves a running bad version aside, and a later start removes it", async () => {
  const { place } = await crashed("windows", {
    record: "valid",
    live: "new but broken",
    backup: "old",
    outcome: "rolled-back",
    after: { live: "old" },
  });
  const runtime = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime })).outcome, "rolled-back");
  const { "app.exe": live, ...aside } = readFolder(place);
  assert.equal(live, new TextDecoder().decode(FILES.old));
  assert.match(Object.keys(aside).join(), /^\.app\.exe\.old-[0-9a-f]{16}\.exe$/);
  runtime.kill();
  const later = place.machine.start({ execPath: place.executable });
  assert.equal((await recover({ ...place.options, runtime: later })).outcome, "none");
  assert.deepEqual(readFolder(place), expectedFolder("windows", { live: "old" }));
});

test("recover() leaves a new file that an orphaned probe runs to a later sweep", async () => {
  const { place, runtime } = await crashed("windows", UNSWAPPED);
  const end = runtime.machine.operations.fail(
    "denied",
    ({ name, path }) => name === "remove" && path.includes(".new-"),
  );
  const options = { ...place.options, executable: place.executable, runtime };
  assert.equal((await recover(options)).outcome, "dropped");
  assert(Object.keys(readFolder(place)).some((name) => name.includes(".new-")));
  end();
  assert.equal((await recover(options)).outcome, "none");
  assert.deepEqual(readFolder(place), expectedFolder("windows", { live: "old" }));
});

const modes: [name: string, live: { content: Uint8Array; mode: number } | undefined, after: string][] = [
  ["the mode of a damaged executable", { content: FILES.damaged, mode: 0o750 }, "750"],
  ["the right to be run, where the executable has lost it", { content: FILES.damaged, mode: 0o644 }, "755"],
  ["the right to be run, where the executable is gone", undefined, "755"],
];

for (const [name, live, mode] of modes) {
  test(`recover() gives a backup of mode 644 that it puts back ${name}`, async () => {
    const { place, runtime } = await crashed("linux", {
      record: "valid",
      live: "damaged",
      backup: "old",
      outcome: "restored",
      after: { live: "old" },
    });
    const { backup } = pathsOf(place.executable);
    place.machine.put(backup, FILES.old, { mode: 0o644 });
    await runtime.fs.remove(place.executable);
    if (live !== undefined) place.machine.put(place.executable, live.content, { mode: live.mode });
    const { outcome } = await recover({ ...place.options, executable: place.executable, runtime });
    assert.equal(outcome, "restored");
    assert.deepEqual(place.folder(), { app: `file ${mode} ${new TextDecoder().decode(FILES.old)}` });
  });
}

test("recover() tells what was found, and the versions", async () => {
  const { place, runtime } = await crashed("linux", SWAPPED);
  assert.deepEqual(await recover({ ...place.options, executable: place.executable, runtime }), {
    outcome: "committed",
    meaning: "swapped, not committed",
    from: OLD,
    to: NEW,
  });
});

test("recover() finds nothing where nothing is in progress, and looks at the folder only", async () => {
  const place = memoryPlace();
  const first = place.machine.operations.log.length;
  const result = await recover(place.options);
  assert.deepEqual(result, {
    outcome: "none",
    meaning: "nothing is in progress",
    from: undefined,
    to: undefined,
  });
  assert(place.machine.operations.log.length - first <= 4);
});

test("recover() leaves an update alone whose process lives", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const before = place.folder();
  const other = place.machine.start({ execPath: place.executable });
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime: other })).outcome,
    "running",
  );
  assert.equal((await recover(place.options)).outcome, "running");
  assert.deepEqual(place.folder(), before);
  await staged.discard();
});

test("recover() is not misled by a process that was given the number of the dead one", async () => {
  const { place, runtime } = await crashed("linux", UNSWAPPED, 4321);
  place.machine.start({ pid: 4321 });
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "dropped",
  );
});

const plants: [name: string, changes: Record<string, unknown>][] = [
  ["names a staged file of another program", { staged: "../../bin/sh" }],
  ["names a staged file that is no temporary one", { staged: "app.conf" }],
  ["names a backup that is none", { displaced: "app.backup.older-01" }],
  ["names a backup of another program", { displaced: "../app2.backup.older-0001" }],
  ["has a claim that is a path", { claim: "../../etc/cron.d/x" }],
  ["keeps no backup", { keep: 0 }],
  ["names a displaced file of another program", { displaced: "../../bin/sh" }],
  ["names a displaced file that is no temporary one", { displaced: "app.conf" }],
  ["is of a newer schema", { schema: 2 }],
  ["has a digest that is none", { to: { version: NEW, sha256: "x" } }],
  ["has no versions", { from: null }],
  ["has a text as process", { pid: "1" }],
];

for (const [name, changes] of plants) {
  test(`recover() takes a record that ${name} for a damaged one and touches nothing that it names`, async () => {
    const { place, runtime } = await crashed("linux", UNSWAPPED);
    place.machine.put("/opt/app/app.conf", "precious");
    place.machine.put("/bin/sh", "precious");
    const record = JSON.parse(place.machine.read("/opt/app/.app.update.json")!);
    place.machine.put("/opt/app/.app.update.json", JSON.stringify({ ...record, ...changes }));
    assert.equal(
      (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
      "kept",
    );
    assert.equal(place.machine.read("/opt/app/app.conf"), "precious");
    assert.equal(place.machine.read("/bin/sh"), "precious");
    assert.deepEqual(Object.keys(place.folder()), ["app", "app.conf"]);
  });
}

const strangers: [name: string, plant: (place: MemoryPlace, record: string) => void, kind: RegExp][] = [
  ["a folder", ({ machine }, record) => machine.putFolder(record), /is a folder/],
  ["a link to nothing", ({ machine }, record) => machine.putLink("/nowhere", record), /is a symbolic link/],
  ["a link to a file", ({ machine }, record) => machine.putLink("/etc/x", record), /is a symbolic link/],
];

for (const [name, plant, kind] of strangers) {
  test(`${name} at the place of the record is called what it is, and not waited for`, async () => {
    const place = memoryPlace();
    place.machine.put("/etc/x", "{}");
    plant(place, place.beside(".app.update.json"));
    place.publish();
    const before = place.folder();
    const error = await failsWith(downloadVerified(await place.check(), place.options), "REPLACE_FAILED");
    assert.match(error.message, kind);
    assert.match(error.message, /which this program has not made; remove it by hand$/);
    assert.deepEqual(place.folder(), before);
  });
}

test("recover() takes a record that is too large for a damaged one", async () => {
  const { place, runtime } = await crashed("linux", UNSWAPPED);
  place.machine.put(
    "/opt/app/.app.update.json",
    place.machine.read("/opt/app/.app.update.json")! + " ".repeat(20_000),
  );
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "kept",
  );
});

test("recover() by many processes at once lets one of them act", async () => {
  const { place } = await crashed("linux", SWAPPED);
  const runtimes = Array.from({ length: 5 }, () => place.machine.start({ execPath: place.executable }));
  const results = await Promise.all(
    runtimes.map((runtime) => recover({ ...place.options, executable: place.executable, runtime })),
  );
  const outcomes = results.map(({ outcome }) => outcome).sort();
  assert.equal(outcomes.filter((outcome) => outcome === "committed").length, 1);
  assert(outcomes.every((outcome) => ["committed", "running", "none"].includes(outcome)), outcomes.join());
  assert.deepEqual(readFolder(place), expectedFolder("linux", { live: "new", backup: "old" }));
});

test("recover() goes on where a recovering process died, also when its lock is empty", async () => {
  for (const lock of ["", "nonsense", "999 1/1\n"]) {
    const { place, runtime } = await crashed("linux", SWAPPED);
    place.machine.put(LOCK, lock);
    assert.equal(
      (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
      "committed",
    );
    assert.deepEqual(readFolder(place), expectedFolder("linux", { live: "new", backup: "old" }));
  }
});

test("recover() leaves an update alone that another process is ending", async () => {
  const { place, runtime } = await crashed("linux", SWAPPED);
  const other = place.machine.start({ execPath: place.executable });
  const pause = place.machine.operations.pause(({ name, pid }) => name === "run" && pid === other.pid);
  const first = recover({ ...place.options, executable: place.executable, runtime: other });
  await pause.reached;
  assert.equal(
    (await recover({ ...place.options, executable: place.executable, runtime })).outcome,
    "running",
  );
  pause.resume();
  assert.equal((await first).outcome, "committed");
});

test("recover() sweeps what dead processes left, and nothing else", async () => {
  const place = memoryPlace();
  const strays = [
    ".app.new-0123456789abcdef",
    ".app.old-0123456789abcdef",
    ".app.update.json.999-0123456789abcdef.tmp",
    ".app.update.takeover.0123456789abcdef.0.999-0123456789abcdef.tmp",
    ".app.update.takeover.0123456789abcdef.0",
    ".app.update.takeover.0123456789abcdef.12",
    ".app.update.takeover.torn.0",
  ];
  const foreign = [
    "app.backup",
    "app.conf",
    ".app.new-0123456789abcde",
    ".app.new-0123456789abcdeg",
    ".app.new-0123456789abcdef.sh",
    ".app2.new-0123456789abcdef",
    ".application.new-0123456789abcdef",
    "app.new-0123456789abcdef",
    ".app.update.json.999-0123456789abcdef.tmp2",
    ".app.update.json.x-0123456789abcdef.tmp",
    ".app.update.jsonx",
    ".app.update.takeover.0123456789abcdef",
    ".app.update.takeover.fedcba.0",
    "app.backup.1",
    "app.backup.0007",
    "app.backup.older-0007",
    `.app.update.json.${place.runtime.pid}-0123456789abcdef.tmp`,
  ];
  for (const name of [...strays, ...foreign]) place.machine.put(place.beside(name), name);
  place.machine.put(place.beside(".app.probe-0123456789abcdef/cache/entry"), "left by a probed program");
  place.machine.putLink("/opt/precious", place.beside(".app.old-fedcba9876543210"));
  place.machine.put("/opt/precious/file", "precious");
  await recover(place.options);
  assert.deepEqual(Object.keys(place.folder()).sort(), [...foreign, "app"].sort());
  assert.equal(place.machine.read("/opt/precious/file"), "precious");
});

test("recover() sweeps nothing of a process that lives", async () => {
  const place = memoryPlace();
  const other = place.machine.start();
  const name = `.app.update.json.${other.pid}-0123456789abcdef.tmp`;
  place.machine.put(place.beside(name), "being written");
  await recover(place.options);
  assert.equal(place.machine.read(place.beside(name)), "being written");
});

/** A machine on which the process that updated is dead, and another one that starts now. */
async function crashed(
  os: "linux" | "windows",
  row: Row,
  pid = 999,
): Promise<{ place: MemoryPlace; runtime: MemoryRuntime }> {
  const place = memoryPlace({ os });
  place.runtime.kill();
  const { machine } = place;
  const executable = place.executable;
  const paths = pathsOf(executable);
  const put = (path: string, kind: FileKind | undefined) => kind && machine.put(path, FILES[kind]);
  const helper = machine.start();
  await helper.fs.remove(executable);
  helper.kill();
  put(executable, row.live);
  put(paths.backup, row.backup);
  put(place.beside(DISPLACED[os]), row.displaced);
  if (row.live !== "new" && row.live !== "new but broken") put(place.beside(STAGED[os]), "new");
  const record: ReplaceRecord = {
    schema: 1,
    claim: "0123456789abcdef",
    pid,
    processStart: "of another boot",
    from: { version: OLD, sha256: digest(FILES.old) },
    to: { version: NEW, sha256: row.record === "claimed" ? null : digest(newFile(row)) },
    staged: STAGED[os],
    displaced: row.displaced === undefined ? null : DISPLACED[os],
  };
  const text = JSON.stringify(record) + "\n";
  machine.put(paths.record, row.record === "torn" ? text.slice(0, 100) : text);
  return { place, runtime: machine.start({ pid: 200 }) };
}

function newFile({ live }: Row): Uint8Array {
  return FILES[live === "new but broken" ? live : "new"];
}

/** The files of an installation without their modes, by role. */
function readFolder(place: MemoryPlace): Record<string, string | undefined> {
  const names = place.machine.names(place.beside("").slice(0, -1));
  return Object.fromEntries(names.map((name) => [name, place.machine.read(place.beside(name))]));
}

function expectedFolder(os: "linux" | "windows", { live, backup }: Row["after"]): Record<string, string> {
  const decode = (kind: FileKind) => new TextDecoder().decode(FILES[kind]);
  return {
    ...(live === undefined ? {} : { [NAMES[os]]: decode(live) }),
    ...(backup === undefined ? {} : { [`${NAMES[os]}.backup`]: decode(backup) }),
  };
}

function describe({ record, live, backup, displaced }: Row): string {
  const aside = displaced === undefined ? "" : `, ${displaced} backup aside`;
  return `a ${record} record, live file ${live ?? "absent"}, backup ${backup ?? "absent"}${aside}`;
}
