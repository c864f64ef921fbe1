/**
 * `cco config edit`: the settings in the person's own editor.
 *
 * @module
 */

import { writeDurably } from "../../machine.ts";
import { ConfigError } from "../config/config_error.ts";
import { type ConfigFile, readConfigFile, tablesOf } from "../config/config_file.ts";
import { replaceConfigFile } from "../config/edit_config_file.ts";
import { editedCopy, namedFile, OWN_FILE } from "../config/file_role.ts";
import { invalidValues, unknownKeys } from "../config/validate_tables.ts";
import { folderOf, requireConfigFile } from "./config_path.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { splitCommand } from "./split_command.ts";
import { Interrupted } from "./terminal.ts";

/** How a program ends that Ctrl-C has ended. */
const INTERRUPTED = 130;
/** What an empty file starts with. */
const TEMPLATE = "# Settings of cco; `cco config show --effective` lists all keys.\n\n[updates]\n";

/**
 * Opens a copy of the user's file in `$VISUAL` or `$EDITOR`, checks what comes back, and only then puts it in place.
 * What cannot be used stays in the copy, so that nothing that was typed is lost.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function configEdit(invocation: Invocation): Promise<number> {
  const { output, world: { runtime, terminal } } = invocation;
  if (!terminal.isTerminal("stdin") || output.options.json) {
    throw new Failure("Cannot open an editor without a terminal. Use 'cco config set KEY VALUE'", {
      exitCode: EXIT.usage,
      code: "NO_TERMINAL",
    });
  }
  const path = requireConfigFile((await invocation.paths()).configFile);
  const command = editorOf(invocation);
  const before = await readConfigFile(runtime, path, invocation.has("config") ? namedFile(path) : OWN_FILE);
  const copy = await makeCopy(invocation, path, before?.text ?? TEMPLATE);
  const exitCode = await openEditor(invocation, command, copy);
  const after = await readConfigFile(runtime, copy, editedCopy(copy));
  const isChanged = after !== undefined && after.text !== (before?.text ?? TEMPLATE);
  if (!isChanged) await runtime.fs.remove(copy).catch(() => {});
  if (exitCode !== 0) throw editorFailure(invocation, command, exitCode, isChanged ? copy : undefined);
  if (!isChanged) {
    output.line("Configuration unchanged");
    return EXIT.ok;
  }
  await checkCopy(after);
  await putInPlace(invocation, path, before, after);
  await runtime.fs.remove(copy);
  output.line("✅ Configuration updated");
  return EXIT.ok;
}

/** An editor that fails has not been told to save, or was ended in the middle; what it has written is kept all the same. */
function editorFailure(
  { output }: Invocation,
  [command]: readonly string[],
  exitCode: number,
  copy: string | undefined,
): Error {
  if (exitCode === INTERRUPTED) {
    if (copy !== undefined) output.note(`ℹ️  What you wrote is in ${copy}`);
    return new Interrupted(INTERRUPTED);
  }
  const kept = copy === undefined ? "Nothing was changed" : editedCopy(copy).mend;
  return new Failure(`The editor ${command} ended with exit code ${exitCode}. ${kept}`, {
    exitCode: EXIT.general,
    code: "EDITOR_FAILED",
  });
}

async function putInPlace(
  { world: { runtime } }: Invocation,
  path: string,
  before: ConfigFile | undefined,
  after: ConfigFile,
): Promise<void> {
  try {
    await replaceConfigFile(runtime, path, before, after.text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `${error.message}. ${after.role.mend}`, { cause: error });
  }
}

async function makeCopy({ world: { runtime } }: Invocation, path: string, text: string): Promise<string> {
  const name = Array.from(runtime.random(6), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const copy = path.replace(/(\.toml)?$/, `.edit-${name}.toml`);
  try {
    await runtime.fs.makeDirectory(folderOf(path), 0o700);
    await writeDurably(runtime, copy, new TextEncoder().encode(text), { mode: 0o600 });
    return copy;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError("FILE_NOT_WRITABLE", `Configuration file cannot be written: ${path}: ${why}`, {
      cause: error,
    });
  }
}

/** The editor's command, as a shell would read it: many names of programs have blanks in them. */
function editorOf({ world: { runtime, terminal } }: Invocation): readonly [command: string, ...string[]] {
  const text = terminal.env("VISUAL") || terminal.env("EDITOR") || "";
  const [command, ...args] = splitCommand(text, runtime.os) ?? cannotStart(text);
  return [command || (runtime.os === "windows" ? "notepad" : "vi"), ...args];
}

async function openEditor(
  { world: { runtime, terminal } }: Invocation,
  [command, ...args]: readonly [string, ...string[]],
  copy: string,
): Promise<number> {
  try {
    return await terminal.run(command, [...args, copy]);
  } catch (error) {
    await runtime.fs.remove(copy).catch(() => {});
    cannotStart(command, error);
  }
}

function cannotStart(command: string, cause?: unknown): never {
  throw new Failure(`Cannot start the editor ${command}. Set VISUAL or EDITOR`, {
    exitCode: EXIT.general,
    code: "NO_EDITOR",
    cause,
  });
}

async function checkCopy(copy: ConfigFile): Promise<void> {
  const tables = await tablesOf(copy);
  const problems = [...unknownKeys(tables, copy), ...await invalidValues(tables)];
  if (problems.length === 0) return;
  const message = problems.map(({ message }) => message).join("; ");
  throw new ConfigError("INVALID_VALUE", `${message}. ${copy.role.mend}`);
}
