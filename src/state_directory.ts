import { inFolder, nameOf } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";

/**
 * The folder in which a program's update state lies: `$XDG_STATE_HOME/<app>`, `~/.local/state/<app>` or
 * `%LocalAppData%\<app>`.
 *
 * @param runtime Where the system keeps state, and the running executable.
 * @param options `stateDirectory` overrides everything; `app` names the program, the executable's name when absent.
 * @returns An absolute path; the folder may not be there yet.
 */
export function stateDirectoryOf(
  runtime: Pick<Runtime, "stateHome" | "execPath">,
  { stateDirectory, app }: { stateDirectory?: string | undefined; app?: string | undefined },
): string {
  if (stateDirectory !== undefined) return stateDirectory;
  const name = app ?? nameOf(runtime.execPath).replace(/\.exe$/i, "");
  // The name becomes a folder's name: what is no name for a folder must not lead out of the state folder (T29).
  if (!/^[A-Za-z0-9][A-Za-z0-9._ -]*$/.test(name)) {
    throw new TypeError(`Cannot name a state folder: current value is ${JSON.stringify(name)}`);
  }
  return inFolder(runtime.stateHome, name);
}
