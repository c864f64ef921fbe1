/**
 * The audit trail: one line for every attempt to change the installed version, whoever made it.
 *
 * @module
 */

import type { Update } from "./check_for_update.ts";
import { readFile } from "./durable.ts";
import { isFileError, isUpdateError } from "./errors.ts";
import { AUDIT_BYTES } from "./limits.ts";
import type { SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { inFolder } from "./path.ts";
import { redactUrl } from "./redact.ts";
import { systemRuntime } from "./runtime/default.ts";
import type { OpenFile, Runtime } from "./runtime/types.ts";
import { safeLine } from "./safe_text.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** One attempt to change the installed version. What is not known is absent. */
export interface UpdateAttempt {
  /** When it ended, in milliseconds since the epoch. */
  readonly time: number;
  /** Whose it was: the account's name. */
  readonly user?: string | undefined;
  /** The account's number, which nobody can choose; added by {@link recordAttempt}. */
  readonly uid?: number | undefined;
  /** On which way it was made, such as `cli`, `service` or `library`. */
  readonly how: string;
  /** What was attempted. `automatic-rollback`: nobody asked for it, the new version was no good. */
  readonly what: "update" | "rollback" | "recover" | "automatic-rollback";
  /** The version before. */
  readonly from?: string | undefined;
  /** The version that was to be installed. */
  readonly to?: string | undefined;
  /** SHA-256 of the file that was downloaded for it. */
  readonly sha256?: string | undefined;
  /** Which keys vouched for it. */
  readonly keyIds?: readonly string[] | undefined;
  /** Where its manifest came from, without credentials and query. */
  readonly source?: string | undefined;
  /** What became of it: an outcome of the steps, such as `updated` or `rolled-back`, or `failed`. */
  readonly result: string;
  /** The code of the error, when it failed. Its message is not kept: it may hold what is nobody's business (T32). */
  readonly error?: string | undefined;
}

/** Where the trail lies. */
export interface AuditOptions
  extends Pick<StepOptions, "runtime">, Pick<TrustOptions, "app">, Pick<SourceOptions, "stateDirectory"> {}

const CURRENT = "update.log.jsonl";
const OLDER = "update.log.1.jsonl";
/** No field of an honest attempt is longer. */
const FIELD_LENGTH = 512;

/**
 * Adds an attempt to the trail, `update.log.jsonl` in the state folder, which only its owner can read.
 *
 * It is one line whatever the fields hold (T31), an address in it has no credentials (T32), and it is on the disk when this
 * resolves. At 1 MiB, some thousand attempts, the file is put aside as `update.log.1.jsonl` in the place of the one before.
 *
 * Permissions: reading and writing the state folder.
 *
 * @example Keep a trail of a program's own updates
 * ```ts ignore
 * await selfUpdate({ ...options, onAttempt: (attempt) => recordAttempt(attempt, options) });
 * ```
 *
 * @example What is recorded can be read
 * ```ts
 * import { readAttempts, recordAttempt } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const options = { stateDirectory: await mkdtemp(join(tmpdir(), "audit-")) };
 * const attempt = { time: Date.now(), how: "library", what: "rollback", to: "1.4.0", result: "rolled-back" } as const;
 * assert(await recordAttempt(attempt, options));
 * assert.equal((await readAttempts(options))[0]?.to, "1.4.0");
 * await rm(options.stateDirectory, { recursive: true });
 * ```
 *
 * @param attempt The attempt.
 * @param options Where the trail lies.
 * @returns Whether it could be written. That it could not is no reason to stop anything.
 */
export async function recordAttempt(attempt: UpdateAttempt, options: AuditOptions = {}): Promise<boolean> {
  const runtime = options.runtime ?? systemRuntime();
  try {
    const folder = stateDirectoryOf(runtime, options);
    await runtime.fs.makeDirectory(folder, 0o700);
    const file = await openTrail(runtime, folder);
    try {
      file.append(new TextEncoder().encode(lineOf({ ...attempt, uid: runtime.uid })));
      await file.sync();
    } finally {
      file.close();
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the trail.
 *
 * @param options Where it lies.
 * @returns The attempts, oldest first; lines that are damaged are left out (T35).
 * @throws {FileError} When it cannot be read. One that is not there has no attempts.
 */
export async function readAttempts(options: AuditOptions = {}): Promise<UpdateAttempt[]> {
  const runtime = options.runtime ?? systemRuntime();
  const folder = stateDirectoryOf(runtime, options);
  const attempts: UpdateAttempt[] = [];
  for (const name of [OLDER, CURRENT]) {
    const bytes = await readFile(runtime.fs, inFolder(folder, name), 2 * AUDIT_BYTES);
    for (const line of new TextDecoder().decode(bytes).split("\n")) {
      const attempt = parseLine(line);
      if (attempt !== undefined) attempts.push(attempt);
    }
  }
  return attempts;
}

/**
 * Describes an attempt to install an update.
 *
 * @param update The update.
 * @param facts When it ended and how it was made; `result`: its outcome, `failed` when absent; `error`: what was thrown.
 * @returns The attempt.
 */
export function attemptOf(
  { from, version, asset, trust, source }: Pick<Update, "from" | "version" | "asset" | "trust" | "source">,
  facts: Pick<UpdateAttempt, "time" | "how" | "user"> & {
    readonly result?: string;
    readonly error?: unknown;
  },
): UpdateAttempt {
  const { error, result = "failed", ...others } = facts;
  return {
    ...others,
    what: "update",
    from,
    to: version,
    sha256: asset.sha256,
    keyIds: trust.signed ? trust.keyIds : undefined,
    source,
    result,
    error: codeOf(error),
  };
}

/** The code of an error: its message may hold addresses and paths. */
function codeOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (isUpdateError(error)) return error.code;
  return error instanceof Error && ["AbortError", "Interrupted"].includes(error.name)
    ? "CANCELLED"
    : "UNEXPECTED";
}

async function openTrail({ fs }: Runtime, folder: string): Promise<OpenFile> {
  const path = inFolder(folder, CURRENT);
  const there = await fs.stat(path);
  if (there !== undefined && there.size >= AUDIT_BYTES) await fs.rename(path, inFolder(folder, OLDER));
  try {
    // Only what is opened to append to is safe from others who write at the same time.
    (await fs.open(path, { access: "create", mode: 0o600 })).close();
  } catch (error) {
    if (!isFileError(error, "exists")) throw error;
  }
  // A link would let somebody else choose which file grows (T24).
  if ((await fs.stat(path))?.kind !== "file") {
    throw new Error(`Cannot write the audit trail: ${path} is not a file`);
  }
  await fs.chmod(path, 0o600);
  return await fs.open(path, { access: "append" });
}

function lineOf({ time, keyIds, source, ...texts }: UpdateAttempt): string {
  const { user, uid, how, what, from, to, sha256, result, error } = texts;
  const fields = {
    time: new Date(time).toISOString().replace(/\.\d+Z$/, "Z"),
    user,
    uid,
    how,
    what,
    from,
    to,
    sha256,
    key_ids: keyIds,
    source: source === undefined ? undefined : redactUrl(source.slice(0, 4 * FIELD_LENGTH)),
    result,
    error,
  };
  return JSON.stringify(
    fields,
    (_, value) => typeof value === "string" ? safeLine(value, FIELD_LENGTH) : value,
  ) +
    "\n";
}

function parseLine(line: string): UpdateAttempt | undefined {
  try {
    const read = new Map<string, unknown>(Object.entries(JSON.parse(line)));
    const text = (name: string): string | undefined => {
      const value = read.get(name);
      return typeof value === "string" ? value.slice(0, FIELD_LENGTH) : undefined;
    };
    const time = Date.parse(text("time") ?? "");
    const [how, result] = [text("how"), text("result")];
    const what = WHAT.find((known) => known === read.get("what"));
    if (Number.isNaN(time) || how === undefined || what === undefined || result === undefined) {
      return undefined;
    }
    const [uid, keyIds] = [read.get("uid"), read.get("key_ids")];
    return {
      time,
      user: text("user"),
      uid: typeof uid === "number" ? uid : undefined,
      how,
      what,
      from: text("from"),
      to: text("to"),
      sha256: text("sha256"),
      keyIds: Array.isArray(keyIds) ? keyIds.filter((id) => typeof id === "string") : undefined,
      source: text("source"),
      result,
      error: text("error"),
    };
  } catch {
    return undefined;
  }
}

const WHAT = ["update", "rollback", "recover", "automatic-rollback"] as const;
