/**
 * The runtime of Node (20 or later) and Bun, through `node:` built-ins, each loaded when it is first used: Deno loads
 * this module too, and pays for `node:fs` at every start.
 *
 * @module
 */

import { homeOfUser, stateHomeOf } from "./machine/state_home.ts";
import { patientFiles, random, wait } from "./machine/wait.ts";
import type { FileSystem, RunOptions, RunResult, Runtime } from "./types.ts";

/** Read once, now, as in Deno's adapter; Deno itself would load its whole `process` for the question. */
const EXEC_PATH = "Deno" in globalThis ? undefined : globalThis.process.execPath;

const OPERATING_SYSTEMS: Readonly<Record<string, string>> = { win32: "windows" };
const PROCESSORS: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };

/** The file system of the machine. */
const nodeFiles: FileSystem = {
  stat: async (path) => (await files()).stat(path),
  realPath: async (path) => (await files()).realPath(path),
  open: async (path, mode) => (await files()).open(path, mode),
  link: async (existing, path) => (await files()).link(existing, path),
  rename: async (from, to) => (await files()).rename(from, to),
  remove: async (path) => (await files()).remove(path),
  chmod: async (path, mode) => (await files()).chmod(path, mode),
  makeDirectory: async (path, mode) => (await files()).makeDirectory(path, mode),
  list: async (path) => (await files()).list(path),
  syncDirectory: async (path) => (await files()).syncDirectory(path),
  freeSpace: async (path) => (await files()).freeSpace(path),
};

/**
 * Makes the runtime of the Node or Bun that runs this.
 *
 * @returns The runtime.
 */
export function nodeRuntime(): Runtime {
  const { process } = globalThis;
  const os = OPERATING_SYSTEMS[process.platform] ?? process.platform;
  return {
    name: nameOf(process.versions),
    fs: os === "windows" ? patientFiles(nodeFiles) : nodeFiles,
    fetch: fetchByEnvironment,
    run,
    os,
    arch: PROCESSORS[process.arch] ?? process.arch,
    get libc() {
      return os === "linux" ? libcOf(process) : undefined;
    },
    osVersion: () => osVersion(os),
    execPath: EXEC_PATH ?? process.execPath,
    get stateHome() {
      return stateHomeOf(os, (name) => process.env[name], homeOfUser);
    },
    pid: process.pid,
    uid: process.getuid?.(),
    processStart: (pid) => processStart(pid, os),
    now: () => Date.now(),
    wait,
    random,
  };
}

async function files(): Promise<FileSystem> {
  return (await import("./node/files.ts")).files;
}

/** Node ignores the environment's proxies and certificates; Bun does not. */
async function fetchByEnvironment(url: string, init: RequestInit): Promise<Response> {
  const { env, versions } = globalThis.process;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"];
  const isSpecial = names.some((name) => env[name] || env[name.toLowerCase()]);
  if (!isSpecial || versions["bun"] !== undefined) return await fetch(url, init);
  const { nodeFetch } = await import("./node/fetch.ts");
  const follow = await nodeFetch({});
  return await follow(url, init);
}

async function run(path: string, options: RunOptions): Promise<RunResult> {
  const { runWithNode } = await import("./node/program.ts");
  return await runWithNode(path, options);
}

async function osVersion(os: string): Promise<string | undefined> {
  const { systemVersion } = await import("./machine/system_version.ts");
  const { release } = await import("node:os");
  return await systemVersion(os, release(), readSmallText);
}

async function processStart(pid: number, os: string): Promise<string | undefined> {
  const { processStartOf } = await import("./machine/process_start.ts");
  const { isAlive } = await import("./node/liveness.ts");
  const systemRoot = globalThis.process.env["SystemRoot"] ?? "C:\\Windows";
  return await processStartOf(pid, { os, readText: readSmallText, isAlive, run, systemRoot });
}

async function readSmallText(path: string): Promise<string | undefined> {
  const { readFile } = await import("node:fs/promises");
  const { codeOf } = await import("./machine/file_error.ts");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // ESRCH: the process ended between opening and reading its file.
    if (["ENOENT", "ENOTDIR", "ESRCH"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

function nameOf(versions: Readonly<Record<string, string | undefined>>): string {
  const { bun, node } = versions;
  return bun === undefined ? `node ${node}` : `bun ${bun}`;
}

/** Which dynamic linker this very program asks for, at the beginning of its file (ELF, PT_INTERP). */
function libcOf(process: NodeJS.Process): "gnu" | "musl" {
  const fs = process.getBuiltinModule?.("node:fs");
  if (fs === undefined) {
    return "glibcVersionRuntime" in headerOf(process.report?.getReport()) ? "gnu" : "musl";
  }
  const head = new Uint8Array(4096);
  const file = fs.openSync(process.execPath, "r");
  try {
    fs.readSync(file, head, 0, head.length, 0);
  } finally {
    fs.closeSync(file);
  }
  return new TextDecoder("latin1").decode(head).includes("/ld-musl-") ? "musl" : "gnu";
}

/** Node before 20.16 cannot load built-ins on demand; its report knows, and takes a few milliseconds. */
function headerOf(report: unknown): object {
  return (report as { header?: object } | undefined)?.header ?? {};
}
