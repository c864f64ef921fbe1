/**
 * The runtime of Deno, through Deno's own API: in Deno 2.9 importing `node:fs` costs 15 ms at every start.
 *
 * @module
 */

import { isFileError } from "../errors.ts";
import { denoFiles } from "./deno/files.ts";
import { homeOfUser, stateHomeOf } from "./machine/state_home.ts";
import { patientFiles, random, wait } from "./machine/wait.ts";
import type { RunOptions, RunResult, Runtime } from "./types.ts";

/** Read once, now: when the running file has been replaced Linux answers `<path> (deleted)`. */
const EXEC_PATH = attempt(() => Deno.execPath());

/**
 * Makes the runtime of the Deno that runs this, compiled or not.
 *
 * @returns The runtime. Its parts ask for Deno's permissions when they are used, not before.
 */
export function denoRuntime(): Runtime {
  const { os, arch } = Deno.build;
  return {
    name: `deno ${Deno.version.deno}`,
    fs: os === "windows" ? patientFiles(denoFiles) : denoFiles,
    fetch: fetchTrusting,
    run,
    os,
    arch,
    libc: libcOf(Deno.build.env),
    osVersion,
    get execPath() {
      return EXEC_PATH ?? Deno.execPath();
    },
    get stateHome() {
      return stateHomeOf(os, (name) => Deno.env.get(name), homeOfUser);
    },
    pid: Deno.pid,
    get uid() {
      return Deno.uid() ?? undefined;
    },
    processStart,
    now: () => Date.now(),
    wait,
    random,
  };
}

// Every module costs a compiled program half a millisecond at its start: what a check does not need comes later.

/** Deno does not know the authorities of the machine it runs on: they are looked up when one is met. */
async function fetchTrusting(url: string, init: RequestInit): Promise<Response> {
  try {
    if (!hasSpecialProxies()) return await fetch(url, init);
    const { fetchByVariables } = await import("./deno/fetch.ts");
    return await fetchByVariables(url, init);
  } catch (error) {
    const { fetchTrustingMachine, isUnknownAuthority } = await import("./deno/fetch.ts");
    if (!isUnknownAuthority(error)) throw error;
    return await fetchTrustingMachine(url, init);
  }
}

/** A proxy's address that Deno surely reads as it is meant: it ignores one that it cannot read, and asks directly. */
const PLAIN_PROXY = /^(?:https?:\/\/)?(?:[\w.~!$&'()*+,;=:%-]+@)?[\w.-]+(?::\d{1,5})?\/?$/;

/** Exceptions, two spellings of a variable, and unusual addresses are read here: Deno reads them in another way. */
function hasSpecialProxies(): boolean {
  if (readVariable("NO_PROXY") || readVariable("no_proxy")) return true;
  return ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].some((name) => {
    const upper = readVariable(name);
    const lower = readVariable(name.toLowerCase());
    return (upper && lower && upper !== lower) || isSpecial(upper) || isSpecial(lower);
  });
}

function isSpecial(proxy: string | undefined): boolean {
  if (!proxy) return false;
  return !PLAIN_PROXY.test(proxy) || !URL.canParse(proxy.includes("://") ? proxy : `http://${proxy}`);
}

function readVariable(variable: string): string | undefined {
  const isAllowed = Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return isAllowed ? Deno.env.get(variable) : undefined;
}

async function run(path: string, options: RunOptions): Promise<RunResult> {
  const { runWithDeno } = await import("./deno/program.ts");
  return await runWithDeno(path, options);
}

async function osVersion(): Promise<string | undefined> {
  const { systemVersion } = await import("./machine/system_version.ts");
  return await systemVersion(Deno.build.os, attempt(() => Deno.osRelease()), readSmallText);
}

async function processStart(pid: number): Promise<string | undefined> {
  const { os } = Deno.build;
  if (os === "windows") {
    const { windowsProcessStart } = await import("./deno/windows_process.ts");
    const start = windowsProcessStart(pid);
    if (start !== undefined) return start;
  }
  const { processStartOf } = await import("./machine/process_start.ts");
  const systemRoot = os === "windows" ? Deno.env.get("SystemRoot") ?? "C:\\Windows" : "";
  return await processStartOf(pid, { os, readText: readSmallText, isAlive, run, systemRoot });
}

/** Deno itself cannot ask without sending a signal that ends the process. */
async function isAlive(pid: number): Promise<boolean> {
  const liveness = await import("./node/liveness.ts");
  return liveness.isAlive(pid);
}

async function readSmallText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isEnded(error) || isFileError(error)) return undefined;
    throw error;
  }
}

/** Linux answers ESRCH when a process ends between opening and reading its file. */
function isEnded(error: unknown): boolean {
  return error instanceof Error && /\(os error 3\)/.test(error.message);
}

/** A Deno that runs on musl is built for it: what runs here now tells what runs here. */
function libcOf(env: string | undefined): "gnu" | "musl" | undefined {
  return env === "gnu" || env === "musl" ? env : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // Not permitted: asked for again where it is needed, with Deno's own message.
  }
}
