/**
 * What must hold before and after the swap.
 *
 * @module
 */

import { digestOf } from "../digest.ts";
import { UpdateError } from "../errors.ts";
import { besideName, type Installation } from "../installation.ts";
import type { Runtime } from "../runtime/types.ts";
import { nextOlderName } from "./backups.ts";
import { fileDigest } from "./file_digest.ts";

/** A file that was verified. */
export interface VerifiedFile {
  /** Its path. */
  readonly path: string;
  /** The digest it must have. */
  readonly sha256: string;
}

/**
 * Makes sure that the staged file is the one that was verified: it may have been exchanged since (T22).
 *
 * @param runtime File system.
 * @param staged The staged file.
 * @returns The identity of the file that was hashed.
 * @throws {UpdateError} `TAMPERED`.
 */
export async function requireStaged(
  { fs }: Pick<Runtime, "fs">,
  { path, sha256 }: VerifiedFile,
): Promise<string | undefined> {
  const file = await fs.open(path, { access: "read" });
  try {
    const { size, identity, kind } = await file.stat();
    const actual = await digestOf({ size, readAt: file.readAt.bind(file) });
    const named = await fs.stat(path);
    const isSame = named?.kind === "file" && named.identity === identity;
    if (kind !== "file" || !isSame || actual !== sha256) throw tampered(path);
    return identity;
  } finally {
    file.close();
  }
}

/**
 * Makes sure that the file that is live now is the one that was verified. It is hashed once more: the probe ran it, and
 * file numbers are given out again.
 *
 * @param runtime File system.
 * @param live The executable, and the digest of what was staged.
 * @param identity The identity of the file that was hashed before.
 * @throws {UpdateError} `TAMPERED`.
 */
export async function requireSwapped(
  runtime: Pick<Runtime, "fs">,
  { path, sha256 }: VerifiedFile,
  identity: string | undefined,
): Promise<void> {
  const info = await runtime.fs.stat(path);
  const isSame = info?.kind === "file" && info.identity === identity &&
    await fileDigest(runtime, path) === sha256;
  if (!isSame) throw tampered(path);
}

/**
 * Makes sure that the executable is still the one that an update was looked for. Another process may have installed
 * that update before this one got its turn: installing it again would leave the new version as its own backup.
 *
 * @param runtime File system.
 * @param installation What is to be updated, claimed by this process.
 * @param live The live executable as it was before the claim, and the digest of the new one where the manifest names it.
 * @throws {UpdateError} `UPDATE_IN_PROGRESS`.
 */
export async function requireNotUpdated(
  { fs }: Pick<Runtime, "fs">,
  { executable, record }: Installation,
  live: {
    readonly identity: string | undefined;
    readonly sha256: string;
    readonly wanted: string | undefined;
  },
): Promise<void> {
  const isSame = (await fs.stat(executable))?.identity === live.identity;
  if (isSame && live.sha256 !== live.wanted) return;
  throw new UpdateError(
    "UPDATE_IN_PROGRESS",
    `Update already in progress: another process has updated ${executable} meanwhile; start the program again`,
    { pid: 0, record },
  );
}

/**
 * Makes sure, right before anything is moved, that the executable is still the one that the update began with: a
 * download takes minutes, and another installer knows nothing of the claim.
 *
 * @param runtime File system.
 * @param installation What is to be updated, claimed by this process.
 * @param sha256 The digest of the executable as the record has it.
 * @throws {UpdateError} `REPLACE_FAILED`.
 */
export async function requireUnchanged(
  runtime: Pick<Runtime, "fs">,
  { executable }: Installation,
  sha256: string,
): Promise<void> {
  const live = await fileDigest(runtime, executable);
  if (live === sha256) return;
  const what = live === undefined
    ? `${executable} is missing: somebody has removed or moved it meanwhile; nothing was changed; put it back or ` +
      "install the program again"
    : `another program has changed ${executable} meanwhile; nothing was changed; look for updates again`;
  throw new UpdateError("REPLACE_FAILED", `Failed to install new binary: ${what}`, {
    path: executable,
    operation: "compare",
  });
}

/**
 * The name under which an older backup waits for the outcome: the one that it keeps, or one that is swept.
 *
 * @param runtime File system and randomness.
 * @param installation The executable and its backup.
 * @param keep How many backups stay.
 * @returns A name; `null` when there is no older backup.
 * @throws {UpdateError} `REPLACE_FAILED` when something else is at its place: it would be removed in the end.
 */
export async function displacedName(
  runtime: Pick<Runtime, "fs" | "random" | "os">,
  installation: Installation,
  keep: number,
): Promise<string | null> {
  const { backup } = installation;
  const older = await runtime.fs.stat(backup);
  if (older === undefined) return null;
  if (older.kind === "file" && keep > 1) return await nextOlderName(runtime.fs, installation);
  if (older.kind === "file" || older.kind === "symlink") return besideName(runtime, installation, "old");
  throw new UpdateError(
    "REPLACE_FAILED",
    `Failed to install new binary: ${backup} is in the way of the backup: it is no file; move it away`,
    { path: backup, operation: "back up" },
  );
}

function tampered(path: string): UpdateError<"TAMPERED"> {
  return new UpdateError(
    "TAMPERED",
    `Failed to install new binary: ${path} changed after it was verified; find out who writes to that folder`,
    { path },
  );
}
