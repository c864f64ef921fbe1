/**
 * Runs Windows executables under wine 8, unchanged. For tests.
 *
 * Two gaps of wine 8 are bridged outside the program. Rust's standard library asks `bcryptprimitives.dll` for random
 * bytes: a library with that one function is put into wine's folder. V8 reserves memory with `VirtualAlloc2` where the
 * system has it, in a way that wine refuses: a copy of wine's `kernelbase.dll` calls it by another name, so that V8 takes
 * the way of older systems; the copy is mounted over the original for each run only.
 *
 * @module
 */

import { join } from "node:path";
import { exists } from "../build_cache.ts";
import type { EmulatedCommand, Emulator } from "./emulator.ts";
import { forwardingLibrary } from "./forwarding_library.ts";

const KERNELBASE = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/kernelbase.dll";
const SERVER = "/usr/lib/wine/wineserver64";
/** The patched copy's name in our folder. */
const PATCHED = "kernelbase.dll";
const NO_STREAMS = { stdin: "null", stdout: "null", stderr: "null" } as const;

/** Wine would put these variables of its one user in the place of those that a program is given. */
const USER_FOLDERS = ["APPDATA", "LOCALAPPDATA", "USERPROFILE"];
const VOLATILE = "HKCU\\Volatile Environment";

/** Names the folder of a wine that another process has prepared. */
const SHARED = "CCO_WINE";

/**
 * Starts a program in a mount namespace of its own, in which wine's library is the patched copy. It opens some files
 * itself, others are opened for it by wine's server.
 */
const START = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

/**
 * Prepares wine with a Windows of its own in the temporary folder, which takes ten seconds, as root.
 *
 * @returns Wine, or why it cannot be used here.
 */
export async function openWine(): Promise<Emulator | string> {
  if (!await exists(KERNELBASE) || !await exists(SERVER)) {
    return "the packages wine and wine64 are not installed";
  }
  const shared = Deno.env.get(SHARED);
  if (shared !== undefined) return wineIn(shared, () => Promise.resolve());
  const folder = await Deno.makeTempDir({ prefix: "cco-wine-" });
  const server = await startServer(folder);
  const close = () => closeWine(folder, server);
  try {
    await makeWindows(folder);
    return wineIn(folder, close);
  } catch (error) {
    await close();
    return `wine does not start: ${error instanceof Error ? error.message : error}`;
  }
}

function wineIn(folder: string, close: () => Promise<void>): Emulator {
  return {
    platform: "windows-x86_64",
    shared: { [SHARED]: folder },
    path: windowsPath,
    command: (executable, args) => patchedCommand(folder, ["wine", windowsPath(executable), ...args]),
    [Symbol.asyncDispose]: close,
  };
}

function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

function patchedCommand(folder: string, words: readonly string[]): EmulatedCommand {
  return {
    command: "unshare",
    args: ["--mount", "sh", "-c", START, "sh", join(folder, PATCHED), KERNELBASE, ...words],
    env: wineEnvironment(folder),
  };
}

function wineEnvironment(folder: string): Record<string, string> {
  return {
    WINEPREFIX: join(folder, "prefix"),
    WINEDEBUG: "-all",
    // No .NET, no HTML; and no entries in the menus of the user, whose home folder it need not know either.
    WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
    PATH: Deno.env.get("PATH") ?? "",
    HOME: folder,
    ...Object.fromEntries(USER_FOLDERS.map((name) => [name, windowsPath(join(folder, "user", name))])),
  };
}

/** Wine's server stays for as long as we need it: else each program would start one, and end it when it ends. */
async function startServer(folder: string): Promise<Deno.ChildProcess> {
  await Deno.mkdir(join(folder, "prefix"));
  await Deno.writeFile(join(folder, PATCHED), await patchedKernelbase());
  const { command, args, env } = patchedCommand(folder, [SERVER, "--foreground", "--persistent"]);
  return new Deno.Command(command, { args, env, clearEnv: true, ...NO_STREAMS }).spawn();
}

async function closeWine(folder: string, server: Deno.ChildProcess): Promise<void> {
  // Ends every program of this Windows, and then itself.
  await new Deno.Command(SERVER, { args: ["--kill"], env: wineEnvironment(folder), clearEnv: true }).output();
  await server.status;
  // The server's own folder; its name is all that this file says.
  const name = await Deno.readTextFile(join(folder, "prefix", "wineserver")).catch(() => "");
  if (/^wine-\w{6}$/.test(name)) await Deno.remove(join("/tmp", name), { recursive: true }).catch(() => {});
  await Deno.remove(folder, { recursive: true });
}

async function makeWindows(folder: string): Promise<void> {
  await succeed(folder, "wineboot", "-i");
  await Deno.writeFile(
    join(folder, "prefix", "drive_c/windows/system32/bcryptprimitives.dll"),
    forwardingLibrary("bcryptprimitives.dll", "ProcessPrng", "advapi32.SystemFunction036"),
  );
  await succeed(folder, "winecfg", "-v", "win10");
  for (const name of USER_FOLDERS) await succeed(folder, "reg", "delete", VOLATILE, "/v", name, "/f");
}

/** What is started here stays until the end, as do its standard streams: nobody must wait for those. */
async function succeed(folder: string, ...words: string[]): Promise<void> {
  const { command, args, env } = patchedCommand(folder, ["wine", ...words]);
  const { success, code } = await new Deno.Command(command, { args, env, clearEnv: true, ...NO_STREAMS })
    .spawn().status;
  if (!success) throw new Error(`wine ${words.join(" ")} ended with exit code ${code}`);
}

async function patchedKernelbase(): Promise<Uint8Array> {
  const bytes = await Deno.readFile(KERNELBASE);
  const [from, to] = ["\0VirtualAlloc2\0", "\0VirtualAlloc1\0"].map((text) => new TextEncoder().encode(text));
  for (let at = indexOf(bytes, from!); at >= 0; at = indexOf(bytes, from!)) bytes.set(to!, at);
  return bytes;
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
