/**
 * A machine in memory on which several versions were installed one after the other, and what is kept of them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { checkForUpdate } from "../../src/check_for_update.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import { listBackups } from "../../src/list_backups.ts";
import type { MemoryRuntime } from "../../src/runtime/memory.ts";
import { selfUpdate } from "../../src/self_update.ts";
import type { StagedUpdate } from "../../src/staged_update.ts";
import { type MemoryPlace, memoryPlace } from "./memory_place.ts";

/** Systems that replace a file in different ways. */
export const SYSTEMS = ["linux", "darwin", "windows"] as const;

/** Installed one after the other, over the version of {@link memoryPlace}. */
export const VERSIONS = ["2.0.0", "3.0.0", "4.0.0", "5.0.0"];

/** A machine on which {@link VERSIONS} were installed one after the other, each by a process of its own. */
export async function updated(os: typeof SYSTEMS[number], keepBackups: number): Promise<MemoryPlace> {
  const place = memoryPlace({ os });
  place.runtime.kill();
  for (const version of VERSIONS) await update(place, version, keepBackups);
  return place;
}

/** Installs a version by a process of its own. */
export async function update(place: MemoryPlace, version: string, keepBackups: number): Promise<void> {
  place.publish({ version });
  const runtime = place.machine.start({ execPath: place.executable });
  const { source, executable } = place;
  const result = await selfUpdate({ ...place.options, source, executable, runtime, keepBackups });
  assert.equal(result.outcome, "updated");
  runtime.kill();
}

/** Publishes a version, and has a process download it. */
export async function staged(
  place: MemoryPlace,
  runtime: MemoryRuntime,
  version: string,
): Promise<StagedUpdate> {
  place.publish({ version });
  const options = { ...place.options, executable: place.executable, runtime };
  const found = await checkForUpdate(place.source, options);
  assert(found !== undefined);
  return await downloadVerified(found, options);
}

/** Options of a process that does not run the installed program. */
export function atRest(place: MemoryPlace): MemoryPlace["options"] & { readonly executable: string } {
  return { ...place.options, executable: place.executable, runtime: place.machine.start() };
}

/** The installed version, then the kept ones as they are listed. */
export async function versions(place: MemoryPlace): Promise<(string | undefined)[]> {
  const live = /app ([\d.]+)/.exec(place.machine.read(place.executable) ?? "")?.[1];
  return [live, ...(await listBackups(atRest(place))).map(({ version }) => version)];
}

/** Names beside the executable that are neither it nor a kept version. */
export function strays(place: MemoryPlace): string[] {
  const folder = place.beside("").slice(0, -1);
  return place.machine.names(folder).filter((name) => !/^app(\.exe)?(\.backup(\.older-\d{4})?)?$/.test(name));
}

/** What a file says. */
export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
