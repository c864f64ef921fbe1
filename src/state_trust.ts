/**
 * Whom a check trusts, and what it remembers of what it has seen.
 *
 * @module
 */

import { readFile, writeDurably } from "./durable.ts";
import { isFileError } from "./errors.ts";
import { STATE_BYTES } from "./limits.ts";
import type { SourceOptions, TrustOptions } from "./options.ts";
import { folderOf, inFolder } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";
import { stateDirectoryOf } from "./state_directory.ts";
import {
  parseTrustState,
  serialiseTrustState,
  signedBy,
  type TrustPolicy,
  type TrustState,
  unsigned,
} from "./trust.ts";

/** Whom a check trusts. */
export interface Trust {
  /** The rules. */
  readonly policy: TrustPolicy;
  /** Whether signatures and state count. */
  readonly isSigned: boolean;
}

/** The rules that the options ask for. */
export function trustOf(options: TrustOptions): Trust {
  const { app, keys, threshold, root, minimumSequence, trust } = options;
  if (trust !== undefined) return { policy: trust, isSigned: true };
  if (root === undefined && (keys === undefined || keys.length === 0)) {
    return { policy: unsigned({ app }), isSigned: false };
  }
  if (app === undefined) throw new TypeError("Cannot check signatures: current value of `app` is undefined");
  return { policy: signedBy({ app, keys, threshold, root, minimumSequence }), isSigned: true };
}

/**
 * The trust state on disk. State that is damaged or cannot be read counts as none, and one that cannot be written is
 * not: what is compiled into the program still holds, and a program in a read-only container can still check (T35).
 */
export function trustStore(
  runtime: Runtime,
  options: TrustOptions & SourceOptions,
): { read: () => Promise<TrustState | undefined>; write: (state: TrustState) => Promise<void> } {
  const folder = stateDirectoryOf(runtime, options);
  const path = inFolder(folder, "trust.json");
  return {
    read: () =>
      unlessFileError(async () => parseTrustState(await readFile(runtime.fs, path, STATE_BYTES)).state),
    write: (state) =>
      unlessFileError(async () => {
        const isNew = await runtime.fs.stat(folder) === undefined;
        await runtime.fs.makeDirectory(folder, 0o700);
        await writeDurably(runtime, path, serialiseTrustState(state), { mode: 0o600 });
        if (isNew) await flushNames(runtime, folder);
      }),
  };
}

/** Else a power cut could take the new folder away with what is in it, and an old manifest would pass again (T2). */
async function flushNames({ fs }: Runtime, folder: string): Promise<void> {
  for (let path = folder; folderOf(path) !== path; path = folderOf(path)) {
    await fs.syncDirectory(folderOf(path));
  }
}

async function unlessFileError<T>(operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation();
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}
