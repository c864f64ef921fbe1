/**
 * What `cco doctor` looks at in the account and in the build: settings, state, keys.
 *
 * @module
 */

import { readConfigFile, tablesOf } from "../config/config_file.ts";
import { readState } from "../config/state.ts";
import { unknownKeys } from "../config/validate_tables.ts";
import type { Finding } from "./doctor.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Settings, state folder, signature keys.
 *
 * @param invocation The run.
 * @returns What was found.
 */
export async function accountChecks(invocation: Invocation): Promise<Finding[]> {
  return [
    ...await settingsChecks(invocation),
    await stateCheck(invocation),
    ...await lastAttempt(invocation),
    keysCheck(invocation),
  ];
}

async function settingsChecks(invocation: Invocation): Promise<Finding[]> {
  const name = "Settings";
  const { configFile } = await invocation.paths();
  const mend = "Run: cco config edit";
  try {
    const file = configFile === undefined
      ? undefined
      : await readConfigFile(invocation.world.runtime, configFile);
    const invalid = (await invocation.settings()).problems();
    const problems: Finding[] = invalid.map(({ message }) => ({ name, status: "problem", message, mend }));
    // Unknown keys have no effect; a newer version may know them.
    const notes: Finding[] = unknownKeys(await tablesOf(file)).map(({ message }) => ({
      name,
      status: "note",
      message,
      mend,
    }));
    const message = file === undefined ? `defaults; there is no ${configFile ?? "file"}` : file.path;
    return problems.length + notes.length > 0 ? [...problems, ...notes] : [{ name, status: "ok", message }];
  } catch (error) {
    const [message = "", ...rest] = (error instanceof Error ? error.message : String(error)).split(". ");
    return [{ name, status: "problem", message, mend: rest.join(". ") || mend }];
  }
}

async function stateCheck(invocation: Invocation): Promise<Finding> {
  const name = "State";
  const { runtime } = invocation.world;
  const { stateDirectory } = await invocation.paths();
  if (stateDirectory === undefined) {
    return {
      name,
      status: "problem",
      message: "this account has no folder for it",
      mend: "Set XDG_STATE_HOME",
    };
  }
  const { damaged } = await readState(runtime, stateDirectory);
  if (damaged !== undefined) {
    const message = `${stateDirectory} is damaged: ${damaged}`;
    return { name, status: "note", message, mend: "The next check puts the damaged file aside" };
  }
  const probe = `${stateDirectory}/.cco-doctor`;
  try {
    await runtime.fs.makeDirectory(stateDirectory, 0o700);
    (await runtime.fs.open(probe, { access: "create", mode: 0o600 })).close();
    await runtime.fs.remove(probe);
    return { name, status: "ok", message: stateDirectory };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, status: "problem", message, mend: `Make ${stateDirectory} writable for this user` };
  }
}

/** What became of the last attempt to change the version; nothing where there was none. */
async function lastAttempt(invocation: Invocation): Promise<Finding[]> {
  const name = "Last update";
  try {
    const { attemptLine, attemptsOf } = await import("./audit_lines.ts");
    const last = (await attemptsOf(invocation)).at(-1);
    if (last === undefined) return [];
    const message = attemptLine(last);
    const isWell = last.error === undefined;
    return [
      isWell
        ? { name, status: "ok", message }
        : { name, status: "note", message, mend: "All: cco daemon logs --audit" },
    ];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ name, status: "note", message, mend: "Mend or remove update.log.jsonl in the state folder" }];
  }
}

function keysCheck({ world: { build } }: Invocation): Finding {
  const name = "Signature keys";
  const { root, keys, threshold, allowUnsigned, kind } = build;
  if (allowUnsigned) {
    const message = `this ${kind} build also installs unsigned releases`;
    return { name, status: "note", message, mend: "Use a release build where that matters" };
  }
  const message = root === undefined
    ? `${threshold} of ${keys.length} must sign`
    : "a root chain decides who signs";
  return { name, status: "ok", message };
}
