/**
 * The start-up files of shells, and the line that puts a folder on PATH in each.
 *
 * @module
 */

import { readFile, type Runtime, writeDurably } from "../../machine.ts";
import { addBlock, removeBlock } from "./profile_block.ts";
import type { Terminal } from "./terminal.ts";

/** The start-up file of a shell. */
interface Profile {
  /** The shell's name, as in `$SHELL`. */
  readonly shell: string;
  /** The file, below the user's folder. */
  readonly file: string;
  /** The line that puts a folder first on PATH, unless it is there. */
  readonly line: (folder: string) => string;
}

/** The parts of the world that profiles need. */
export interface ProfileWorld {
  /** The machine. */
  readonly runtime: Runtime;
  /** The environment. */
  readonly terminal: Terminal;
}

const PROFILE_BYTES = 1024 * 1024;

const posixLine = (folder: string): string =>
  `case ":$PATH:" in *:"${folder}":*) ;; *) export PATH="${folder}:$PATH" ;; esac`;
const fishLine = (folder: string): string =>
  `contains -- "${folder}" $PATH; or set -gx PATH "${folder}" $PATH`;
/**
 * The line for PowerShell.
 *
 * @param folder The folder to put on PATH.
 * @returns The line.
 */
export const powershellLine = (folder: string): string =>
  `if (($env:PATH -split [IO.Path]::PathSeparator) -notcontains "${folder}") ` +
  `{ $env:PATH = "${folder}" + [IO.Path]::PathSeparator + $env:PATH }`;

const POSIX: readonly Profile[] = [
  { shell: "bash", file: ".bashrc", line: posixLine },
  { shell: "bash", file: ".bash_profile", line: posixLine },
  { shell: "sh", file: ".profile", line: posixLine },
  { shell: "zsh", file: ".zshrc", line: posixLine },
  { shell: "fish", file: ".config/fish/conf.d/cco.fish", line: fishLine },
  { shell: "pwsh", file: ".config/powershell/profile.ps1", line: powershellLine },
];
const WINDOWS: readonly Profile[] = [
  { shell: "powershell", file: "Documents/PowerShell/profile.ps1", line: powershellLine },
  { shell: "powershell", file: "Documents/WindowsPowerShell/profile.ps1", line: powershellLine },
];

/**
 * Puts a folder on PATH for the shells that are used here: those whose start-up file is there, and the person's own.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @param folder The folder to put on PATH.
 * @returns The files that were changed; none when the folder is on PATH already.
 */
export async function addToPath(world: ProfileWorld, home: string, folder: string): Promise<string[]> {
  const { runtime, terminal } = world;
  const separator = runtime.os === "windows" ? ";" : ":";
  if ((terminal.env("PATH") ?? "").split(separator).includes(folder)) return [];
  const changed: string[] = [];
  for (const profile of await usedProfiles(world, home)) {
    const path = `${home}/${profile.file}`;
    const text = await readText(runtime, path);
    const next = addBlock(text, [profile.line(asWritten(folder, home))]);
    if (next === text) continue;
    await writeText(runtime, path, next);
    changed.push(path);
  }
  return changed;
}

/**
 * Takes away what {@link addToPath} added.
 *
 * @param world Machine and environment.
 * @param home The user's folder.
 * @returns The files that were changed or removed.
 */
export async function removeFromPath({ runtime }: ProfileWorld, home: string): Promise<string[]> {
  const changed: string[] = [];
  for (const { file } of runtime.os === "windows" ? WINDOWS : POSIX) {
    const path = `${home}/${file}`;
    const text = await readText(runtime, path);
    if (text === undefined) continue;
    const next = removeBlock(text);
    if (next === text) continue;
    if (next === undefined) await runtime.fs.remove(path);
    else await writeText(runtime, path, next);
    changed.push(path);
  }
  return changed;
}

/**
 * The folders that start-up files of shells may lie in.
 *
 * @param runtime The machine.
 * @param home The user's folder.
 * @returns The folders, whether they are there or not.
 */
export function profileFolders({ os }: Pick<Runtime, "os">, home: string): string[] {
  const paths = (os === "windows" ? WINDOWS : POSIX).map(({ file }) => `${home}/${file}`);
  return [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))))];
}

async function usedProfiles({ runtime, terminal }: ProfileWorld, home: string): Promise<Profile[]> {
  if (runtime.os === "windows") return WINDOWS.slice(0, 1);
  const there = new Set<string>();
  for (const { file } of POSIX) if (await runtime.fs.stat(`${home}/${file}`) !== undefined) there.add(file);
  const own = (terminal.env("SHELL") ?? "").split("/").at(-1)!;
  const used = POSIX.filter(({ shell, file }) => there.has(file) || isNeeded(shell, file, own, there));
  return used.length > 0 ? used : POSIX.filter(({ shell }) => shell === "sh");
}

/** A login bash reads `.bash_profile` or else `.profile`: making the former would hide the latter. */
function isNeeded(shell: string, file: string, own: string, there: ReadonlySet<string>): boolean {
  if (file === ".bash_profile") return false;
  return shell === own || (own === "bash" && shell === "sh" && !there.has(".bash_profile"));
}

/** Home folders move; the shells know where they are. */
function asWritten(folder: string, home: string): string {
  return folder.startsWith(`${home}/`) ? `$HOME${folder.slice(home.length)}` : folder;
}

async function readText({ fs }: Runtime, path: string): Promise<string | undefined> {
  const bytes = await readFile(fs, path, PROFILE_BYTES);
  if (bytes === undefined) return undefined;
  if (bytes.length > PROFILE_BYTES) {
    throw new Error(`Cannot change ${path}: it is too large to be a start-up file`);
  }
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Links into a folder of dotfiles stay links. */
async function writeText(runtime: Runtime, path: string, text: string): Promise<void> {
  const { fs } = runtime;
  const info = await fs.stat(path);
  if (info === undefined) await fs.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o755);
  const real = info === undefined ? path : await fs.realPath(path);
  const mode = info === undefined ? 0o644 : (await fs.stat(real))?.mode ?? 0o644;
  await writeDurably(runtime, real, new TextEncoder().encode(text), { mode });
}
