/** What must hold of a machine after everything that can happen to it. */

import { recover } from "../../../src/recover.ts";
import { type MemoryDisk, MemoryMachine, type MemoryOperation } from "../../../src/runtime/memory.ts";
import type { Runtime } from "../../../src/runtime/types.ts";
import { olderBackup, placesOn, program, programs, recordIn, stateFile } from "./places.ts";
import { type Scenario, serve } from "./scenario.ts";

/** Starts a machine as a scenario begins, or from what a power cut has left. */
export function machineFor(scenario: Scenario, disk?: MemoryDisk): MemoryMachine {
  const { os, live, backup, older = [], hasLinks = true, refusesRename = false } = scenario;
  const places = placesOn(os);
  const machine = new MemoryMachine({ os, programs, fetch: serve, ...(disk === undefined ? {} : { disk }) });
  if (!hasLinks) machine.operations.fail("unsupported", ({ name }) => name === "link");
  if (disk !== undefined) return machine;
  if (refusesRename) machine.operations.fail("other", (one) => isSwap(one, places.executable));
  machine.putFolder(places.state);
  machine.put(places.executable, program(live));
  if (backup !== undefined) machine.put(places.backup, program(backup));
  for (const [index, version] of older.entries()) {
    machine.put(olderBackup(places, older.length - index), program(version));
  }
  return machine;
}

/** Recovers as the next start of the program does. */
export async function recoverAs(
  pid: number,
  machine: MemoryMachine,
  { os }: Scenario,
  sabotage: (runtime: Runtime) => Runtime = (runtime) => runtime,
): Promise<void> {
  const { executable, state } = placesOn(os);
  const runtime = machine.start({ pid, execPath: executable });
  await recover({ runtime: sabotage(runtime), executable, stateDirectory: state });
  runtime.kill();
}

/** POSIX: there is a whole, executable version at every instant, also before any recovery. */
export async function problemsBeforeRecovery(disk: MemoryDisk, scenario: Scenario): Promise<string[]> {
  const { outcomes, transient } = scenario;
  const version = await liveVersion(disk, scenario);
  const isWhole = version !== undefined && (version in outcomes || version === transient);
  return isWhole ? [] : [`live is ${version}`];
}

/** A new version that is committed is on probation: one that nobody watches could fail for ever. */
export async function problemsOfProbation(disk: MemoryDisk, scenario: Scenario): Promise<string[]> {
  const version = await liveVersion(disk, scenario);
  if (version === undefined || version !== scenario.watched || hasRecord(disk, scenario)) return [];
  return remembers(disk, scenario, "probation.json", version) ? [] : [`${version} is not on probation`];
}

/** Once it is reported as done it is done. */
export async function problemsOncePromised(disk: MemoryDisk, scenario: Scenario): Promise<string[]> {
  const { promised, refused } = scenario;
  const problems = await problemsOfProbation(disk, scenario);
  const version = await liveVersion(disk, scenario);
  if (version !== promised) problems.push(`live is ${version}`);
  if (hasRecord(disk, scenario)) problems.push("the record is back");
  if (refused !== undefined && !remembers(disk, scenario, "refused-versions.json", refused)) {
    problems.push(`${refused} is not remembered as failed`);
  }
  return problems;
}

/** After recovery a version that works is live, with the right backup, and nothing else is left. */
export async function problemsAfterRecovery(machine: MemoryMachine, scenario: Scenario): Promise<string[]> {
  const { outcomes, os } = scenario;
  const { folder, executable, backup } = placesOn(os);
  const problems: string[] = [];
  const live = await versionAt(executable, machine, scenario);
  if (live === undefined || !(live in outcomes)) return [`live is ${live}`];
  const name = (path: string) => path.slice(folder.length + 1);
  const backups = machine.names(folder).filter((one) => /\.backup(\.older-\d{4,})?$/.test(one))
    .sort((a, b) => a === name(backup) ? -1 : b === name(backup) ? 1 : a < b ? 1 : -1);
  const versions = backups.map((one) => versionAt(executable.replace(/[^/\\]+$/, one), machine, scenario));
  const kept = (await Promise.all(versions)).join(" ");
  if (!outcomes[live]!.includes(kept)) problems.push(`live is ${live}, but the backups are ${kept}`);
  if (backups.length > 0 && backups[0] !== name(backup)) problems.push(`there is no ${name(backup)}`);
  const mode = machine.mode(executable);
  if (os !== "windows" && mode !== 0o755) problems.push(`the mode is ${mode?.toString(8)}`);
  // What was running during the recovery is removed at the start after it.
  if (os === "windows") await recoverAs(300, machine, scenario);
  const expected = [name(executable), ...backups];
  const strays = machine.names(folder).filter((one) => !expected.includes(one));
  if (strays.length > 0) problems.push(`left behind: ${strays.join(", ")}`);
  return problems;
}

/** Whether it runs is tried: content that is whole is not enough, it must be executable. */
export async function versionAt(
  path: string,
  machine: MemoryMachine,
  { os }: Scenario,
): Promise<string | undefined> {
  // As the content says, not as it behaves under this name: what fails its probe is a whole file all the same.
  const written = /app ([\d.]+)/.exec(machine.read(path) ?? "")?.[1];
  if (written === undefined) return undefined;
  const runtime = machine.start({ execPath: `${placesOn(os).state}-tester` });
  try {
    await runtime.run(path, { args: ["--version"], env: {}, timeout: 1000, maxOutputBytes: 1000 });
    return written;
  } catch {
    return undefined;
  } finally {
    runtime.kill();
  }
}

async function liveVersion(disk: MemoryDisk, scenario: Scenario): Promise<string | undefined> {
  return await versionAt(placesOn(scenario.os).executable, machineFor(scenario, disk.snapshot()), scenario);
}

/** A version that was seen to fail is remembered, whatever happens after that. */
export function problemsOfMemory(disk: MemoryDisk, scenario: Scenario): string[] {
  const { transient } = scenario;
  if (transient === undefined || remembers(disk, scenario, "refused-versions.json", transient)) return [];
  return [`${transient} failed and is not remembered`];
}

/** Whether the version that fails once it is live is live. */
export async function isFailing(disk: MemoryDisk, scenario: Scenario): Promise<boolean> {
  return scenario.transient !== undefined && await liveVersion(disk, scenario) === scenario.transient;
}

function remembers(
  disk: MemoryDisk,
  scenario: Scenario,
  file: Parameters<typeof stateFile>[1],
  version: string,
): boolean {
  const text = machineFor(scenario, disk.snapshot()).read(stateFile(placesOn(scenario.os), file));
  return text?.includes(`"${version}"`) === true;
}

function hasRecord(disk: MemoryDisk, scenario: Scenario): boolean {
  return machineFor(scenario, disk.snapshot()).read(recordIn(placesOn(scenario.os))) !== undefined;
}

function isSwap({ name, path, to }: MemoryOperation, executable: string): boolean {
  return name === "rename" && to === executable && /\.new-/.test(path);
}
