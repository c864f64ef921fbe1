/**
 * Where `cco` keeps what: settings, state, policy, the executable.
 *
 * @module
 */

/** What of the environment decides about the places. */
export interface PathFacts {
  /** Operating system: `windows` has places of its own. */
  readonly os: string;
  /** An environment variable, `undefined` when it is not set. */
  readonly env: (name: string) => string | undefined;
  /** The user's folder; `undefined` where the account has none. */
  readonly home: string | undefined;
}

/** The places. Those that need a user's folder are `undefined` for an account that has none. */
export interface Paths {
  /** The user's settings. */
  readonly configFile: string | undefined;
  /** The folder of everything that `cco` remembers. */
  readonly stateDirectory: string | undefined;
  /** The administrator's settings, which win over everything. */
  readonly policyFile: string;
  /** Where `cco install` puts the executable. */
  readonly binDirectory: string | undefined;
}

/**
 * Names the places by the rules of the operating system: XDG on Linux and macOS, AppData on Windows.
 *
 * @param facts Operating system and environment.
 * @returns The places; nothing is created.
 */
export function pathsOf({ os, env, home }: PathFacts): Paths {
  return os === "windows" ? windowsPaths(env, home) : posixPaths(env, home);
}

function posixPaths(env: PathFacts["env"], home: string | undefined): Paths {
  const config = absolute(env("XDG_CONFIG_HOME"), "/") ?? under(home, "/.config");
  const state = absolute(env("XDG_STATE_HOME"), "/") ?? under(home, "/.local/state");
  return {
    configFile: under(config, "/cco/config.toml"),
    stateDirectory: under(state, "/cco"),
    policyFile: "/etc/cco/policy.toml",
    binDirectory: under(home, "/.local/bin"),
  };
}

function windowsPaths(env: PathFacts["env"], home: string | undefined): Paths {
  const roaming = env("APPDATA") || under(home, "\\AppData\\Roaming");
  const local = env("LOCALAPPDATA") || under(home, "\\AppData\\Local");
  return {
    configFile: under(roaming, "\\cco\\config.toml"),
    stateDirectory: under(local, "\\cco"),
    policyFile: `${env("ProgramData") || "C:\\ProgramData"}\\cco\\policy.toml`,
    binDirectory: under(home, "\\.local\\bin"),
  };
}

/** The XDG specification says that a relative path is to be ignored. */
function absolute(path: string | undefined, start: string): string | undefined {
  return path?.startsWith(start) ? path.replace(/(?<=.)\/+$/, "") : undefined;
}

function under(folder: string | undefined, path: string): string | undefined {
  return folder === undefined ? undefined : folder.replace(/[\\/]+$/, "") + path;
}
