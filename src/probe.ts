/**
 * The probe: runs an executable briefly and sees whether it is the version it should be.
 *
 * @module
 */

import { isFileError, isUpdateError, UpdateError } from "./errors.ts";
import { besideName, type Installation } from "./installation.ts";
import { PROBE_OUTPUT_BYTES, PROBE_TIMEOUT } from "./limits.ts";
import { inFolder } from "./path.ts";
import { removeTree } from "./remove.ts";
import type { RunResult, Runtime } from "./runtime/types.ts";

/** How an executable is asked for its version. */
export interface ProbeOptions {
  /**
   * The arguments.
   * @default ["--version"]
   */
  readonly args?: readonly string[];
  /**
   * The exact first line that the given version prints.
   * @default any first line that has the version as a word
   */
  readonly expect?: (version: string) => string;
  /**
   * How long it may take, in milliseconds.
   * @default 10000
   */
  readonly timeout?: number;
}

/** What the probe needs of a runtime. */
export type ProbeRuntime = Pick<Runtime, "fs" | "run" | "random" | "os">;

/**
 * Runs an executable and checks that it ends well and prints the expected version (T27): no shell, an empty
 * environment but for a temporary folder of its own, its whole process group ended after `timeout` or 64 KiB of output.
 *
 * @param runtime File system and processes.
 * @param installation The installation it belongs to.
 * @param path The executable.
 * @param version The version it should be.
 * @param options How it is asked; `signal` ends it.
 * @throws {UpdateError} `PROBE_FAILED` with its exit code and last line.
 */
export async function probe(
  runtime: ProbeRuntime,
  installation: Installation,
  path: string,
  version: string,
  options: ProbeOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const result = await runProbe(runtime, installation, path, options);
  const problem = whatIsWrong(result, version, options);
  if (problem !== undefined) throw failed(path, problem, result);
}

/**
 * Asks an executable for its version.
 *
 * @param runtime File system and processes.
 * @param installation The installation it belongs to.
 * @param path The executable.
 * @param options How it is asked.
 * @returns The first word of its first line that is a version, or `undefined` when there is none.
 * @throws {UpdateError} `PROBE_FAILED` when it does not run.
 */
export async function probeVersion(
  runtime: ProbeRuntime,
  installation: Installation,
  path: string,
  options: ProbeOptions = {},
): Promise<string | undefined> {
  const result = await runProbe(runtime, installation, path, options);
  const problem = howItEnded(result, options);
  if (problem !== undefined) throw failed(path, problem, result);
  const { isVersion } = await import("./version.ts");
  return firstLine(result).split(/\s+/).map((word) => word.replace(/^v/, "")).find(isVersion);
}

/**
 * Asks an executable for its version; one that does not run has none.
 *
 * @param runtime File system and processes.
 * @param installation The installation it belongs to.
 * @param path The executable.
 * @param options How it is asked.
 * @returns Its version, or `undefined` when it does not run or does not say.
 */
export async function versionIfItRuns(
  runtime: ProbeRuntime,
  installation: Installation,
  path: string,
  options?: ProbeOptions,
): Promise<string | undefined> {
  try {
    return await probeVersion(runtime, installation, path, options);
  } catch (error) {
    if (isUpdateError(error) && error.code === "PROBE_FAILED") return undefined;
    throw error;
  }
}

/**
 * Tells whether a failure says something about the version. A program that the system did not let start, or a disk that
 * failed, says nothing: it may be fine as soon as that is mended.
 *
 * @param error What was caught.
 * @returns Whether the version is to be remembered as failed.
 */
export function isBadVersion(error: unknown): error is UpdateError<"PROBE_FAILED"> {
  return isUpdateError(error) && error.code === "PROBE_FAILED" && !isRefusedStart(error.cause);
}

function isRefusedStart(cause: unknown): boolean {
  return isFileError(cause, "denied", "busy", "full", "read-only");
}

async function runProbe(
  runtime: ProbeRuntime,
  installation: Installation,
  path: string,
  { args = ["--version"], timeout = PROBE_TIMEOUT, signal }: ProbeOptions & {
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RunResult> {
  // Compiled programs keep a code cache in the temporary folder, named after the executable: it would stay behind.
  const scratch = inFolder(installation.folder, besideName(runtime, installation, "probe"));
  try {
    await makeScratch(runtime, scratch);
    const env = { TMPDIR: scratch, TEMP: scratch, TMP: scratch };
    const limits = { timeout, maxOutputBytes: PROBE_OUTPUT_BYTES };
    return await runtime.run(path, { args, env, ...limits, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (!isFileError(error) || error.path !== path) throw error;
    throw failed(path, `it cannot be started: ${error.message}`, undefined, error);
  } finally {
    await removeTree(runtime.fs, scratch).catch(() => {});
  }
}

/** Without the right to write there, the program has to do without: asking a version takes no right to change it. */
async function makeScratch({ fs }: ProbeRuntime, scratch: string): Promise<void> {
  try {
    await fs.makeDirectory(scratch, 0o700);
  } catch (error) {
    if (!isFileError(error, "denied", "read-only")) throw error;
  }
}

function whatIsWrong(result: RunResult, version: string, options: ProbeOptions): string | undefined {
  const ended = howItEnded(result, options);
  if (ended !== undefined) return ended;
  const line = firstLine(result);
  if (options.expect !== undefined) {
    const expected = options.expect(version);
    return line === expected ? undefined : `it should print ${JSON.stringify(expected)}`;
  }
  const words = line.split(/\s+/);
  return words.includes(version) || words.includes(`v${version}`)
    ? undefined
    : `it should print version ${version}`;
}

function howItEnded({ ended, exitCode }: RunResult, { timeout = PROBE_TIMEOUT }: ProbeOptions) {
  if (ended === "timeout") return `it did not end within ${timeout / 1000} s`;
  if (ended === "output") return `it printed more than ${PROBE_OUTPUT_BYTES} bytes`;
  if (exitCode === undefined) return "it was ended by a signal";
  return exitCode === 0 ? undefined : "it ended with a failure";
}

function firstLine({ stdout }: RunResult): string {
  return new TextDecoder().decode(stdout).split(/\r?\n/, 1)[0]!.trimEnd();
}

function failed(
  executable: string,
  reason: string,
  result?: RunResult,
  cause?: unknown,
): UpdateError<"PROBE_FAILED"> {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  const printed = result === undefined ? "" : decode(result.stderr) || decode(result.stdout);
  const lastLine = printed.split(/\r?\n/).at(-1)!.slice(0, 200);
  const exitCode = result?.exitCode;
  const code = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
  const said = lastLine === "" ? "it printed nothing" : `its last line was ${JSON.stringify(lastLine)}`;
  const advice = isRefusedStart(cause)
    ? "the system did not let it start: look for a file system mounted noexec, or a security policy"
    : `${said}; tell the publisher`;
  return new UpdateError(
    "PROBE_FAILED",
    `New binary verification failed: ${executable} is not usable${code}: ${reason}; ${advice}`,
    { executable, reason, exitCode, lastLine },
    { cause },
  );
}
