/** Where programs keep state, by the customs of each operating system. */

/**
 * Returns the folder under which programs keep state: `%LocalAppData%` on Windows, else `$XDG_STATE_HOME` if it is
 * absolute (XDG Base Directory Specification: relative paths are to be ignored), else `~/.local/state`.
 *
 * @param os Operating system, as the library names it.
 * @param env Reads an environment variable.
 * @param homeOfUser The home folder in the system's list of users, asked only when the environment names none.
 * @returns An absolute path.
 * @throws Error when the machine names no home folder at all.
 */
export function stateHomeOf(
  os: string,
  env: (name: string) => string | undefined,
  homeOfUser: () => string | undefined,
): string {
  const isAbsolute = os === "windows" ? isAbsoluteOnWindows : isAbsoluteOnPosix;
  const own = env(os === "windows" ? "LOCALAPPDATA" : "XDG_STATE_HOME");
  if (own !== undefined && isAbsolute(own)) return own;
  const named = env(os === "windows" ? "USERPROFILE" : "HOME");
  const home = named !== undefined && isAbsolute(named) ? named : homeOfUser();
  if (home === undefined || !isAbsolute(home)) {
    throw new Error(
      "Cannot find the folder for state: the user has no home folder. Set XDG_STATE_HOME or HOME",
    );
  }
  return os === "windows" ? `${home}\\AppData\\Local` : `${home.replace(/\/+$/, "")}/.local/state`;
}

/**
 * Asks the runtime's built-in `os` module for the home folder, without importing it at start.
 *
 * @returns The home folder; `undefined` where the runtime (Node before 20.16) cannot load built-ins on demand.
 */
export function homeOfUser(): string | undefined {
  return globalThis.process.getBuiltinModule?.("node:os").homedir();
}

function isAbsoluteOnPosix(path: string): boolean {
  return path.startsWith("/");
}

function isAbsoluteOnWindows(path: string): boolean {
  return /^(?:[a-z]:[\\/]|\\\\)/i.test(path);
}
