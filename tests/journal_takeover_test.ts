import assert from "node:assert/strict";
import { test } from "node:test";
import { createDurably, readFile } from "../src/durable.ts";
import { pathsOf } from "../src/installation.ts";
import { claimInstallation, readRecord, type RecordState } from "../src/journal.ts";
import { isMarkAlive, processMark } from "../src/journal_process.ts";
import { isStaleTakeover, takeOver } from "../src/journal_takeover.ts";
import { removeIfThere } from "../src/remove.ts";
import { type MemoryRuntime, memoryRuntime } from "../src/runtime/memory.ts";

const INSTALLATION = pathsOf("/opt/app/app");
const FACTS = {
  from: { version: "1.0.0", sha256: "a".repeat(64) },
  to: { version: "2.0.0", sha256: null },
  staged: ".app.new-0123456789abcdef",
};
const ORDERS: readonly (readonly [number, number, number])[] = [[0, 1, 2], [2, 0, 1]];
/** More operations than a takeover has. */
const STEPS = 26;
const END = () => Promise.resolve("ended");

test("takeOver() lets one process at a time end an update, and removes its lock", async () => {
  const { runtime, found } = await abandoned();
  const end = alone();
  const results = await Promise.all(
    [runtime, runtime.machine.start()].map((process) =>
      takeOver(process, INSTALLATION, found, () => end.act(process))
    ),
  );
  assert.equal(end.most, 1);
  assert(results.includes("ended"));
  assert.deepEqual(runtime.machine.names("/opt/app"), [".app.update.json"]);
});

test("takeOver() does nothing when the record is another one by now", async () => {
  const { runtime, found } = await abandoned();
  await runtime.fs.remove(INSTALLATION.record);
  assert.equal(await takeOver(runtime, INSTALLATION, found, END), undefined);
  await claimInstallation(runtime, INSTALLATION, FACTS);
  assert.equal(await takeOver(runtime, INSTALLATION, found, END), undefined);
});

test("takeOver() removes its lock when ending fails", async () => {
  const { runtime, found } = await abandoned();
  const failure = new Error("no");
  const ending = takeOver(runtime, INSTALLATION, found, () => Promise.reject(failure));
  await assert.rejects(ending, (error) => error === failure);
  assert.deepEqual(runtime.machine.names("/opt/app"), [".app.update.json"]);
});

test("takeOver() leaves the lock of a dead process where it is, and takes the next one", async () => {
  const { runtime, found } = await abandoned();
  const claim = claimOf(found);
  for (const number of [0, 1]) runtime.machine.put(lock(claim, number), "999 1/1\n");
  const inside = await takeOver(
    runtime,
    INSTALLATION,
    found,
    () => Promise.resolve(runtime.machine.names("/opt/app")),
  );
  const locks = (...numbers: number[]) =>
    numbers.map((number) => lock(claim, number).slice("/opt/app/".length));
  assert.deepEqual(inside, [".app.update.json", ...locks(0, 1, 2)]);
  assert.deepEqual(runtime.machine.names("/opt/app"), [".app.update.json", ...locks(0, 1)]);
});

test("takeOver() respects the lock of a living process, and not one whose number was given out again", async () => {
  const { runtime, found } = await abandoned();
  const holder = runtime.machine.start({ pid: 4321 });
  runtime.machine.put(lock(claimOf(found), 0), await processMark(holder));
  assert.equal(await takeOver(runtime, INSTALLATION, found, END), undefined);
  holder.kill();
  runtime.machine.start({ pid: 4321 });
  assert.equal(await takeOver(runtime, INSTALLATION, found, END), "ended");
});

// Each process is stopped after every number of operations, in turn, while the others go on to their ends: whoever has
// judged the dead process's lock may act on that judgement at any later time.
for (
  const { name, take, most } of [
    { name: "takeOver() never lets two of three processes in", take: takeOver, most: 1 },
    {
      name: "a takeover that removes a dead process's lock would let two of them in",
      take: removing as typeof takeOver,
      most: 2,
    },
  ]
) {
  test(`${name}, however they overtake one another`, async () => {
    let schedules = 0;
    let found = 0;
    for (const order of ORDERS) {
      for (let first = 0; first < STEPS; first++) {
        for (let second = 0; second < STEPS; second++) {
          found = Math.max(found, await race(take, order, first, second));
          schedules++;
        }
      }
    }
    console.log(`${name}: ${schedules} schedules, ${found} at most at the same time`);
    assert.equal(found, most);
  });
}

/** How many were ending the update at the same time. */
async function race(
  take: typeof takeOver,
  [a, b, c]: readonly [number, number, number],
  first: number,
  second: number,
): Promise<number> {
  const { runtime, found } = await abandoned();
  for (const number of [0, 1]) runtime.machine.put(lock(claimOf(found), number), "999 1/1\n");
  const processes = [runtime, runtime.machine.start(), runtime.machine.start()];
  const end = alone();
  const stepped = steps(runtime, processes.map(({ pid }) => pid));
  const ending = processes.map((process) => take(process, INSTALLATION, found, () => end.act(process)));
  await stepped.go(a, first);
  await stepped.go(b, second);
  for (const who of [c, a, b]) await stepped.go(who, Infinity);
  const results = await Promise.all(ending);
  assert(results.includes("ended"), `order ${a}, ${b}, ${c}; ${first} and ${second} operations first`);
  return end.most;
}

/** What looks right and is not: the lock of a dead process is removed and made anew. */
async function removing<T>(
  runtime: MemoryRuntime,
  _: typeof INSTALLATION,
  found: RecordState,
  end: () => Promise<T>,
): Promise<T | undefined> {
  const path = lock(claimOf(found), 0);
  const isMade = async () => {
    try {
      await createDurably(runtime, path, await processMark(runtime), { mode: 0o644 });
      return true;
    } catch {
      return false;
    }
  };
  if (!await isMade()) {
    if (await isMarkAlive(runtime, await readFile(runtime.fs, path, 1000))) return undefined;
    await removeIfThere(runtime.fs, path);
    if (!await isMade()) return undefined;
  }
  const result = await end();
  await removeIfThere(runtime.fs, path);
  return result;
}

const names: [name: string, content: string | undefined, isStale: boolean][] = [
  [".app.update.takeover.0123456789abcdef.0", undefined, false],
  [".app.update.takeover.0123456789abcdef.0", "999 1/1\n", true],
  [".app.update.takeover.0123456789abcdef.1", "", true],
  [".app.update.takeover.torn.0", "\0\0\0", true],
  [".app.update.takeover.torn.10", "100\n", true],
  [".app.update.takeover.torn.0.999-0123456789abcdef.tmp", "", true],
  [".app.update.takeover.torn.0.100-0123456789abcdef.tmp", "", false],
  [".app.update.takeover", "", false],
  [".app.update.takeover.0", "", false],
  [".app.update.takeover.torn.0x", "", false],
  [".app2.update.takeover.torn.0", "", false],
];

for (const [name, content, isStale] of names) {
  test(`isStaleTakeover() says ${isStale} of ${name} with ${JSON.stringify(content ?? "a living process")}`, async () => {
    const runtime = start();
    runtime.machine.put(`/opt/app/${name}`, content ?? await processMark(runtime));
    assert.equal(await isStaleTakeover(runtime, INSTALLATION, name), isStale);
  });
}

/** Ends an update and keeps how many processes were doing so at the same time. */
function alone(): { readonly act: (process: MemoryRuntime) => Promise<string>; readonly most: number } {
  let inside = 0;
  let most = 0;
  return {
    async act({ fs }) {
      most = Math.max(most, ++inside);
      for (let look = 0; look < 3; look++) await fs.stat(INSTALLATION.executable);
      inside--;
      return "ended";
    },
    get most() {
      return most;
    },
  };
}

/** Lets one process at a time carry out operations. */
function steps({ machine }: MemoryRuntime, pids: readonly number[]) {
  const allowed = pids.map(() => 0);
  const waiting = pids.map((): (() => void) | undefined => undefined);
  machine.operations.before(({ pid, name }) => {
    const who = pids.indexOf(pid);
    // append is synchronous.
    if (who < 0 || name === "append") return;
    if (allowed[who]! > 0) return void allowed[who]!--;
    return new Promise<void>((resolve) => waiting[who] = resolve);
  });
  return {
    /** Returns when the process is stopped again, or has nothing more to do. */
    async go(who: number, operations: number): Promise<void> {
      allowed[who]! += operations;
      const resume = waiting[who];
      if (resume !== undefined && allowed[who]! > 0) {
        waiting[who] = undefined;
        allowed[who]!--;
        resume();
      }
      for (let turn = 0; turn < 400; turn++) await Promise.resolve();
    },
  };
}

function lock(claim: string, number: number): string {
  return `${INSTALLATION.takeover}.${claim}.${number}`;
}

function claimOf(found: RecordState): string {
  assert(found.kind === "valid");
  return found.record.claim;
}

function start(): MemoryRuntime {
  const runtime = memoryRuntime();
  runtime.machine.putFolder("/opt/app");
  return runtime;
}

async function abandoned(): Promise<{ runtime: MemoryRuntime; found: RecordState }> {
  const runtime = start();
  const writer = runtime.machine.start();
  await claimInstallation(writer, INSTALLATION, FACTS);
  writer.kill();
  return { runtime, found: await readRecord(runtime, INSTALLATION) };
}
