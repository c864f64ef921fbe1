/**
 * Links planted at every name that an update, a rollback and a recovery choose: an intruder who knows all random names
 * in advance gains nothing (T24).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../../src/atomic_replace.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import { isFileError, isUpdateError } from "../../src/errors.ts";
import { recover } from "../../src/recover.ts";
import { rollback } from "../../src/rollback.ts";
import type { MemoryRuntime } from "../../src/runtime/memory.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "../support/memory_place.ts";

const SEED = 24;
const CANARY = "/etc/canary";

interface Scene {
  readonly name: string;
  /** What there is before the intruder comes. */
  readonly prepare: (place: MemoryPlace) => void | Promise<void>;
  readonly act: (place: MemoryPlace, runtime: MemoryRuntime) => Promise<unknown>;
}

const SCENES: readonly Scene[] = [
  {
    name: "an update",
    prepare: ({ machine, executable }) => void machine.put(`${executable}.backup`, appProgram("0.9.0")),
    act: (place, runtime) => update(place, runtime, 1),
  },
  {
    name: "an update that keeps two versions",
    prepare: ({ machine, executable }) => void machine.put(`${executable}.backup`, appProgram("0.9.0")),
    act: (place, runtime) => update(place, runtime, 2),
  },
  {
    name: "a rollback by two versions",
    prepare: ({ machine, executable }) => {
      machine.put(`${executable}.backup`, appProgram("0.9.0"));
      machine.put(`${executable}.backup.older-0001`, appProgram("0.8.0"));
    },
    act: (place, runtime) => rollback({ ...optionsAt(place, runtime), to: "0.8.0" }),
  },
  {
    name: "a recovery",
    prepare: crash,
    act: (place, runtime) => recover(optionsAt(place, runtime)),
  },
];

for (const { name, prepare, act } of SCENES) {
  test(`links planted at the names that ${name} chooses lead nowhere (T24)`, async () => {
    const names = await namesChosen(prepare, act);
    assert(names.length > 3, names.join("\n"));
    let refused = 0;
    for (const path of names) {
      const { place, runtime } = await started(prepare);
      if (await place.runtime.fs.stat(path) !== undefined) continue;
      place.machine.putLink(CANARY, path);
      await act(place, runtime).catch((error) => {
        if (!isUpdateError(error) && !isFileError(error)) throw error;
        refused++;
      });
      assert.equal(place.machine.read(CANARY), "canary", path);
      assert.equal(place.machine.mode(CANARY), 0o640, path);
      const live = await place.runtime.fs.stat(place.executable);
      assert.equal(live?.kind, "file", path);
      assert.match(place.machine.read(place.executable) ?? "", /app (0\.8\.0|1\.0\.0|2\.0\.0)/, path);
    }
    // The names were really the ones that are chosen.
    assert(refused > 0);
    console.log(`${name}: links at ${names.length} names, ${refused} refusals`);
  });
}

/** Every path that is made, in the order in which it is. */
async function namesChosen(prepare: Scene["prepare"], act: Scene["act"]): Promise<string[]> {
  const { place, runtime } = await started(prepare);
  const first = place.machine.operations.log.length;
  await act(place, runtime);
  const made = place.machine.operations.log.slice(first)
    .filter(({ name, pid }) =>
      pid === runtime.pid && ["open", "link", "rename", "makeDirectory"].includes(name)
    )
    .map(({ path, to }) => to ?? path);
  const own = /\/opt\/app\/|\/home\/user\//;
  return [...new Set(made)].filter((path) => own.test(path) && path !== place.executable);
}

/** The same random numbers each time: the intruder has seen them. */
async function started(prepare: Scene["prepare"]): Promise<{ place: MemoryPlace; runtime: MemoryRuntime }> {
  const place = memoryPlace({ seed: SEED });
  place.machine.put(CANARY, "canary", { mode: 0o640 });
  place.publish();
  await prepare(place);
  return { place, runtime: place.machine.start({ execPath: place.executable }) };
}

async function update(place: MemoryPlace, runtime: MemoryRuntime, keepBackups: number): Promise<void> {
  const options = { ...optionsAt(place, runtime), keepBackups };
  const { outcome } = await atomicReplace(await downloadVerified(await place.check(), options), options);
  assert.equal(outcome, "updated");
}

/** The process dies after the swap. */
async function crash(place: MemoryPlace): Promise<void> {
  const process = place.machine.start({ execPath: place.executable });
  const options = optionsAt(place, process);
  const staged = await downloadVerified(await place.check(), options);
  const killed = new Promise<void>((resolve) => {
    const stop = place.machine.operations.before(({ name, path, pid }) => {
      if (pid !== process.pid || name !== "run" || path !== place.executable) return;
      stop();
      process.kill();
      resolve();
    });
  });
  await Promise.race([atomicReplace(staged, options), killed]);
  assert.match(place.machine.read(place.executable)!, new RegExp(NEW));
  assert.match(place.machine.read(`${place.executable}.backup`)!, new RegExp(OLD));
}

function optionsAt({ options, executable }: MemoryPlace, runtime: MemoryRuntime) {
  return { ...options, executable, runtime };
}
