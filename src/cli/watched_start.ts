/**
 * A start of a version on probation: it is counted, and taken back or forgiven by how it ends.
 *
 * @module
 */

import type { Log } from "../service/log.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { type EndStart, isOnProbation } from "./probation.ts";

/** The failure that nobody has foreseen: it may be the version's own fault. */
const UNFORESEEN = "UNEXPECTED";

/**
 * Counts the start of a command, and takes the version back when it is one too many.
 *
 * @param invocation The run that begins, of a version on probation.
 * @returns What to call at its end, or `undefined` when nothing is on probation any more, or a service decides.
 */
export async function watchStart(invocation: Invocation): Promise<EndStart | undefined> {
  if (await isService(invocation)) return undefined;
  const { output, world: { build } } = invocation;
  const [{ confirmHealthy, recover }, { installedOptions }] = await Promise.all([
    import("../../mod.ts"),
    import("./updater_options.ts"),
  ]);
  const options = { ...await installedOptions(invocation), currentVersion: build.version };
  try {
    const { outcome, from, to } = await recover({ ...options, isStart: true });
    if (outcome === "rolled-back") {
      const { audit } = await import("./audit.ts");
      await audit(invocation, { what: "automatic-rollback", from: to, to: from, result: outcome });
      output.note(`⚠️  Version ${to} failed three times in a row, rolled back to ${from}`);
      return undefined;
    }
    if (outcome === "no-backup") {
      output.note(`⚠️  Version ${to} failed three times in a row and stays: no previous version works here`);
    }
  } catch (error) {
    // The command that was asked for matters more; `cco doctor` tells what is wrong.
    output.detail(error instanceof Error ? error.message : String(error));
    return undefined;
  }
  return async (exitCode, failure) => {
    // Every other exit code is an orderly answer of a program that works.
    if (exitCode !== EXIT.general) await confirmHealthy(options).catch(() => {});
    else if (failure !== UNFORESEEN) await forgive(invocation);
  };
}

/**
 * What a service's command does at its end: the start itself is counted by {@link beginService}.
 *
 * @param invocation The run that begins.
 * @returns What to call.
 */
export function endService(invocation: Invocation): EndStart {
  return async (exitCode, failure) => {
    const isKnown = failure !== undefined && failure !== UNFORESEEN && exitCode <= EXIT.config;
    if (isKnown) await forgive(invocation);
  };
}

/**
 * Counts this start of the service while the version is on probation.
 *
 * @param invocation The run that begins.
 * @param log Where it is written.
 * @throws {Failure} Exit code 5 when its earlier starts have failed: the previous version is installed again, and has to
 * be started.
 */
export async function beginService(invocation: Invocation, log: Log): Promise<void> {
  if (!await isOnProbation(invocation)) return;
  const [{ recover }, { installedOptions }] = await Promise.all([
    import("../../mod.ts"),
    import("./updater_options.ts"),
  ]);
  try {
    const { outcome, from, to, meaning } = await recover({
      ...await installedOptions(invocation),
      isStart: true,
    });
    if (outcome === "no-backup") log.error(meaning);
    if (outcome !== "rolled-back") return;
    const { audit } = await import("./audit.ts");
    await audit(invocation, { what: "automatic-rollback", from: to, to: from, result: outcome });
    const message = `Version ${to} failed three times in a row, rolled back to ${from}`;
    throw new Failure(message, { exitCode: EXIT.update, code: "ROLLED_BACK" });
  } catch (error) {
    const isFailure = error instanceof Failure;
    log[isFailure ? "error" : "warn"](error instanceof Error ? error.message : String(error));
    if (!isFailure) return;
    await log.close();
    throw error;
  }
}

/**
 * Where a service runs, or has ended without a farewell, its health decides: a monitor that asks for the version every
 * minute proves nothing.
 */
async function isService(invocation: Invocation): Promise<boolean> {
  const { stateDirectory } = await invocation.paths();
  const { lastRecord } = await import("../service/record.ts");
  const { runtime } = invocation.world;
  return stateDirectory !== undefined &&
    await lastRecord(runtime, stateDirectory).catch(() => undefined) !== undefined;
}

/**
 * Takes this start back from those that are counted: a port in use, settings that cannot be used or a missing permission
 * says nothing about the version, and the previous one would fail in the same way.
 */
async function forgive(invocation: Invocation): Promise<void> {
  if (!await isOnProbation(invocation)) return;
  const { runtime: { fs, os, pid } } = invocation.world;
  const { stateDirectory } = await invocation.paths();
  const separator = os === "windows" ? "\\" : "/";
  const folder = `${stateDirectory}${separator}starts`;
  for (const name of await fs.list(folder).catch(() => [])) {
    if (name.startsWith(`${pid}-`)) await fs.remove(`${folder}${separator}${name}`).catch(() => {});
  }
}
