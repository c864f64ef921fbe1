/**
 * What `cco doctor` looks at in the account and in the build: settings, state, keys.
 *
 * @module
 */

import { readConfigFile, tablesOf } from "../config/config_file.ts";
import { POLICY_FILE } from "../config/file_role.ts";
import { type Origin, readPolicy } from "../config/load_settings.ts";
import { readState } from "../config/state.ts";
import { unknownVariables } from "../config/unknown_variables.ts";
import { unknownKeys } from "../config/validate_tables.ts";
import { caFileProblem } from "./config_validate.ts";
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
  try {
    const settings = await invocation.settings();
    const problems: Finding[] = settings.faults().map(({ error: { message }, origin }) => ({
      name,
      status: "problem",
      message,
      mend: mendOf(invocation, origin),
    }));
    const authorities = await caFileProblem(invocation);
    if (authorities !== undefined) {
      const mend = mendOf(invocation, settings.origin("updates.ca_file"));
      problems.push({ name, status: "problem", message: authorities.message, mend });
    }
    const notes = await unknownNames(invocation, name);
    if (problems.length + notes.length > 0) return [...problems, ...notes];
    const there = configFile === undefined
      ? undefined
      : await readConfigFile(invocation.world.runtime, configFile);
    const message = there === undefined ? `defaults; there is no ${configFile ?? "file"}` : there.path;
    return [{ name, status: "ok", message }];
  } catch (error) {
    const [message = "", ...rest] = (error instanceof Error ? error.message : String(error)).split(". ");
    return [{ name, status: "problem", message, mend: rest.join(". ") || "Mend that file" }];
  }
}

/**
 * What to do about a value, which depends on where it comes from.
 *
 * @param invocation The run.
 * @param origin Where the value comes from.
 * @returns One sentence.
 */
export function mendOf(invocation: Invocation, { layer, where }: Origin): string {
  if (layer === "policy") return POLICY_FILE.mend;
  if (layer === "environment") return `Change or unset ${where} in the environment`;
  const named = invocation.flag("config");
  return `Run: cco config edit${named === undefined ? "" : ` --config ${named}`}`;
}

/** Unknown names have no effect; a newer version may know them. */
async function unknownNames(invocation: Invocation, name: string): Promise<Finding[]> {
  const { world: { runtime, terminal } } = invocation;
  const { configFile, policyFile } = await invocation.paths();
  const file = configFile === undefined ? undefined : await readConfigFile(runtime, configFile);
  const policy = await readPolicy(runtime, policyFile);
  const note = (message: string, origin: Origin): Finding => ({
    name,
    status: "note",
    message,
    mend: mendOf(invocation, origin),
  });
  return [
    ...unknownKeys(await tablesOf(policy), policy).map(({ message }) =>
      note(message, { layer: "policy", where: policyFile })
    ),
    ...unknownKeys(await tablesOf(file), file).map(({ message }) =>
      note(message, { layer: "file", where: configFile })
    ),
    ...unknownVariables(terminal.envNames()).map((message) =>
      note(message, { layer: "environment", where: "it" })
    ),
  ];
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
    const downloads = `${stateDirectory}/downloads`;
    const kind = (await runtime.fs.stat(downloads))?.kind;
    if (kind !== undefined && kind !== "directory") {
      const message = `${downloads} is not a folder, so that nothing can be downloaded`;
      return { name, status: "problem", message, mend: `Remove it: rm '${downloads}'` };
    }
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
