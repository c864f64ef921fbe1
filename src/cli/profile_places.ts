/**
 * Where the start-up files of shells lie, and which of those shells are used here.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import { fishLine, type PathLine, posixLine, powershellLine } from "./profile_lines.ts";
import type { Terminal } from "./terminal.ts";

/** The parts of the world that profiles need. */
export interface ProfileWorld {
  /** The machine. */
  readonly runtime: Runtime;
  /** The environment. */
  readonly terminal: Pick<Terminal, "env">;
}

/** The start-up file of a shell. */
export interface Profile {
  /** The shell's name, as in `$SHELL`. */
  readonly shell: string;
  /** The file. */
  readonly path: string;
  /** The line that puts a folder first on PATH, unless it is there. */
  readonly line: PathLine;
  /** What shows that the shell is used, although this file is not there: fish reads a folder of files. */
  readonly sign?: string;
}

/**
 * Every file that a block may lie in. A variable that moves one may have been set since, or may be no longer.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @returns The files, whether they are there or not.
 */
export function profilePlaces(world: ProfileWorld, home: string): Profile[] {
  if (world.runtime.os === "windows") return windowsProfiles(home);
  const all = [...posixProfiles(home, basesOf(world, home)), ...posixProfiles(home, plainBases(home))];
  return all.filter(({ path }, at) => all.findIndex((other) => other.path === path) === at);
}

/**
 * The files of the shells that are used here: those that are there, and the person's own.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @returns The files, at least one.
 */
export async function usedProfiles(world: ProfileWorld, home: string): Promise<Profile[]> {
  const { runtime: { fs, os }, terminal } = world;
  if (os === "windows") return windowsProfiles(home).slice(0, 1);
  const profiles = posixProfiles(home, basesOf(world, home));
  const there = new Set<string>();
  for (const { path, sign } of profiles) {
    for (const one of [path, sign ?? path]) if (await fs.stat(one) !== undefined) there.add(path);
  }
  const own = (terminal.env("SHELL") ?? "").split("/").at(-1)!;
  const hasBashProfile = there.has(`${home}/.bash_profile`);
  const used = profiles.filter((profile) =>
    there.has(profile.path) || isNeeded(profile, own, hasBashProfile)
  );
  return used.length > 0 ? used : profiles.filter(({ shell }) => shell === "sh");
}

/**
 * The folders that start-up files of shells may lie in.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @returns The folders, whether they are there or not.
 */
export function profileFolders(world: ProfileWorld, home: string): string[] {
  const paths = profilePlaces(world, home).map(({ path }) => path);
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
}

/** A login bash reads `.bash_profile` or else `.profile`: making the former would hide the latter. */
function isNeeded({ shell, path }: Profile, own: string, hasBashProfile: boolean): boolean {
  if (path.endsWith("/.bash_profile")) return false;
  return shell === own || (own === "bash" && shell === "sh" && !hasBashProfile);
}

/** Where zsh looks, and where programs have their settings. */
interface Bases {
  readonly zsh: string;
  readonly settings: string;
}

function basesOf({ terminal }: ProfileWorld, home: string): Bases {
  const plain = plainBases(home);
  const folder = (name: string): string | undefined => {
    const path = terminal.env(name)?.replace(/\/+$/, "");
    return path?.startsWith("/") ? path : undefined;
  };
  return { zsh: folder("ZDOTDIR") ?? plain.zsh, settings: folder("XDG_CONFIG_HOME") ?? plain.settings };
}

function plainBases(home: string): Bases {
  return { zsh: home, settings: `${home}/.config` };
}

function posixProfiles(home: string, { zsh, settings }: Bases): Profile[] {
  const fish = `${settings}/fish`;
  return [
    { shell: "bash", path: `${home}/.bashrc`, line: posixLine },
    { shell: "bash", path: `${home}/.bash_profile`, line: posixLine },
    { shell: "sh", path: `${home}/.profile`, line: posixLine },
    { shell: "zsh", path: `${zsh}/.zshrc`, line: posixLine },
    { shell: "fish", path: `${fish}/conf.d/cco.fish`, line: fishLine, sign: `${fish}/config.fish` },
    { shell: "pwsh", path: `${settings}/powershell/profile.ps1`, line: powershellLine },
  ];
}

function windowsProfiles(home: string): Profile[] {
  return ["PowerShell", "WindowsPowerShell"].map((name) => ({
    shell: "powershell",
    path: `${home}/Documents/${name}/profile.ps1`,
    line: powershellLine,
  }));
}
