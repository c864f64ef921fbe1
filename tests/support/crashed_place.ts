/**
 * A machine in memory on which a crash has left an update in the middle.
 *
 * @module
 */

import { pathsOf } from "../../src/installation.ts";
import type { ReplaceRecord } from "../../src/journal.ts";
import type { RecoverResult } from "../../src/recover.ts";
import type { MemoryRuntime } from "../../src/runtime/memory.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "./memory_place.ts";
import { digest } from "./release.ts";

const NAMES = { linux: "app", windows: "app.exe" } as const;
const STAGED = {
  linux: ".app.new-0123456789abcdef",
  windows: ".app.exe.new-0123456789abcdef.exe",
} as const;
const DISPLACED = {
  linux: ".app.old-0123456789abcdef",
  windows: ".app.exe.old-0123456789abcdef.exe",
} as const;

/** What can lie at a path, by its role in the update that was interrupted. */
export const FILES = {
  old: appProgram(OLD),
  new: appProgram(NEW),
  "new but broken": appProgram(NEW, { exitCode: 1 }),
  "another version": appProgram("9.9.9"),
  damaged: new TextEncoder().encode('#!memory {"stdo'),
  older: appProgram("0.9.0"),
} as const;

/** The role of a file. */
export type FileKind = keyof typeof FILES;

/** What a crash left, and what is there after recovery. */
export interface Row {
  readonly record: "claimed" | "valid" | "torn";
  readonly live?: FileKind;
  readonly backup?: FileKind;
  readonly displaced?: FileKind;
  readonly outcome: RecoverResult["outcome"] | "ROLLBACK_FAILED";
  readonly after: { readonly live?: FileKind; readonly backup?: FileKind };
}

/** The new file has never taken its place. */
export const UNSWAPPED: Row = { record: "valid", live: "old", outcome: "dropped", after: { live: "old" } };

/** The new file is in its place, and nobody has said that it works. */
export const SWAPPED: Row = {
  record: "valid",
  live: "new",
  backup: "old",
  outcome: "committed",
  after: { live: "new", backup: "old" },
};

/** A machine on which the process that updated is dead, and another one that starts now. */
export async function crashed(
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
export function readFolder(place: MemoryPlace): Record<string, string | undefined> {
  const names = place.machine.names(place.beside("").slice(0, -1));
  return Object.fromEntries(names.map((name) => [name, place.machine.read(place.beside(name))]));
}

/** What {@link readFolder} finds where these files are left. */
export function expectedFolder(
  os: "linux" | "windows",
  { live, backup }: Row["after"],
): Record<string, string> {
  const decode = (kind: FileKind) => new TextDecoder().decode(FILES[kind]);
  return {
    ...(live === undefined ? {} : { [NAMES[os]]: decode(live) }),
    ...(backup === undefined ? {} : { [`${NAMES[os]}.backup`]: decode(backup) }),
  };
}
