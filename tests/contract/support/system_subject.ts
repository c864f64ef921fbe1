/** The machine that runs the tests, as a subject of the runtime contract. */

import { ok } from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Runtime } from "../../../src/runtime/types.ts";
import {
  type ContractProgram,
  type ContractSubject,
  type Means,
  runtimeContract,
} from "../../../src/testing/contract.ts";

const PROGRAM = fileURLToPath(new URL("contract_program.mjs", import.meta.url));
const IS_WINDOWS = process.platform === "win32";
const IS_LINUX_ROOT = process.platform === "linux" && process.getuid?.() === 0;

/**
 * Runs the contract on a runtime of this machine, and removes the surroundings in a last test: Deno 2.7 has no `after`
 * at the top level.
 *
 * @param runtime The runtime under test.
 * @param name How its tests are called.
 */
export async function testOnThisMachine(runtime: Runtime, name: string): Promise<void> {
  const root = fs.mkdtempSync(join(fs.realpathSync(tmpdir()), "contract-"));
  const undo: (() => void)[] = [() => fs.rmSync(root, { recursive: true, force: true })];
  const subject = await subjectIn(root, runtime, undo);
  runtimeContract((title, body) => void test(`${name}: ${title}`, body), subject);
  test(`${name}: nothing is left of the surroundings`, () => {
    for (const step of undo.reverse()) step();
    ok(!fs.existsSync(root));
  });
}

async function subjectIn(root: string, runtime: Runtime, undo: (() => void)[]): Promise<ContractSubject> {
  return {
    runtime,
    makeFolder: () => Promise.resolve(fs.mkdtempSync(join(root, "folder-"))),
    program: () => Promise.resolve(program()),
    symlink: symlinks(root),
    namedPipe: namedPipes(root),
    otherDevice: otherDevice(root, undo),
    smallDevice: mounted(join(root, "small"), ["size=1m"], undo),
    readOnlyDevice: readOnly(join(root, "read-only"), undo),
    deniedFolder: denied(join(root, "denied"), undo),
    processTrees: processTrees(),
    origin: await serve(undo),
  };
}

function program(): ContractProgram {
  const args = "Deno" in globalThis ? ["run", "-A", "--no-lock", "--no-config", PROGRAM] : [PROGRAM];
  // A runtime's own start needs some of these; the suite takes no offence at them.
  const inherited = [
    "HOME",
    "DENO_DIR",
    "DENO_NO_UPDATE_CHECK",
    "USERPROFILE",
    "LOCALAPPDATA",
    "QEMU_LD_PREFIX",
  ];
  const env: Record<string, string> = { CONTRACT_ARGS: JSON.stringify(args) };
  for (const name of inherited) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { path: process.execPath, args, env };
}

async function serve(undo: (() => void)[]): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === "/redirect") response.writeHead(302, { location: "/target" }).end();
    else if (request.url !== "/hang") response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function symlinks(root: string): ContractSubject["symlink"] {
  const probe = join(root, "symlink-probe");
  try {
    fs.symlinkSync("nowhere", probe);
    fs.lstatSync(probe);
    fs.unlinkSync(probe);
  } catch (error) {
    return { missing: `this system makes none: ${(error as Error).message}` };
  }
  return { has: (target, path) => Promise.resolve(fs.symlinkSync(target, path)) };
}

function namedPipes(root: string): ContractSubject["namedPipe"] {
  const make = (path: string) => void execFileSync("mkfifo", [path], { stdio: "ignore" });
  try {
    make(join(root, "pipe-probe"));
  } catch {
    return { missing: "no mkfifo here" };
  }
  return { has: (path) => Promise.resolve(make(path)) };
}

/** Wine's taskkill knows no trees. */
function processTrees(): Means<true> {
  if (!IS_WINDOWS) return { has: true };
  const { stdout } = spawnSync("taskkill", ["/?"], { encoding: "utf8" });
  return /\/t\b/i.test(stdout) ? { has: true } : { missing: "the taskkill of this system has no /T" };
}

function otherDevice(root: string, undo: (() => void)[]): Means<string> {
  if (IS_WINDOWS || !fs.existsSync("/dev/shm")) return { missing: "no second file system is known here" };
  if (fs.statSync("/dev/shm").dev === fs.statSync(root).dev) {
    return { missing: "/dev/shm is the same file system" };
  }
  const place = fs.mkdtempSync("/dev/shm/contract-");
  undo.push(() => fs.rmSync(place, { recursive: true, force: true }));
  return { has: place };
}

function mounted(place: string, options: string[], undo: (() => void)[]): Means<string> {
  if (!IS_LINUX_ROOT) return { missing: "mounting takes root on Linux" };
  fs.mkdirSync(place);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", place], { stdio: "ignore" });
  } catch {
    return { missing: "this machine does not let root mount" };
  }
  undo.push(() => void execFileSync("umount", ["-l", place], { stdio: "ignore" }));
  return { has: place };
}

function readOnly(place: string, undo: (() => void)[]): Means<string> {
  const means = mounted(place, ["size=64k"], undo);
  if ("missing" in means) return means;
  fs.writeFileSync(join(place, "present"), "present");
  execFileSync("mount", ["-o", "remount,ro", place], { stdio: "ignore" });
  return means;
}

function denied(place: string, undo: (() => void)[]): Means<string> {
  if (IS_WINDOWS) return { missing: "Windows folders have no permission bits" };
  fs.mkdirSync(place);
  fs.writeFileSync(join(place, "present"), "present");
  if (process.getuid?.() !== 0) {
    fs.chmodSync(place, 0o555);
    undo.push(() => fs.chmodSync(place, 0o755));
    return { has: place };
  }
  try {
    execFileSync("chattr", ["+i", place], { stdio: "ignore" });
  } catch {
    return { missing: "root may write anywhere, and this file system has no immutable flag" };
  }
  undo.push(() => void execFileSync("chattr", ["-i", place], { stdio: "ignore" }));
  return { has: place };
}
