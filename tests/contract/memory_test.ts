import { test } from "node:test";
import { type MemoryCall, memoryRuntime } from "../../src/runtime/memory.ts";
import type { MemoryBehaviour } from "../../src/runtime/memory.ts";
import { type ContractSubject, runtimeContract } from "../../src/testing/contract.ts";

for (const os of ["linux", "darwin", "windows"] as const) {
  runtimeContract((name, body) => void test(`memory as ${os}: ${name}`, body), subject(os));
}

function subject(os: "linux" | "darwin" | "windows"): ContractSubject {
  const at = os === "windows" ? (path: string) => `C:${path.replaceAll("/", "\\")}` : (path: string) => path;
  const devices = [
    { path: at("/other") },
    { path: at("/small"), capacity: 512 * 1024 },
    { path: at("/read-only"), isReadOnly: true },
  ];
  const runtime = memoryRuntime({ os, devices, clock: "manual", programs: contractProgram, fetch: answer });
  const { machine } = runtime;
  machine.put(at("/bin/program"), "program");
  machine.put(at("/read-only/present"), "present");
  machine.put(at("/denied/present"), "present");
  machine.putFolder(at("/denied"), { mode: 0o555 });
  let folders = 0;
  return {
    runtime,
    makeFolder() {
      const folder = at(`/folder-${++folders}`);
      machine.putFolder(folder);
      return Promise.resolve(folder);
    },
    program: () => Promise.resolve({ path: at("/bin/program"), args: [], env: { HOME: "/home/user" } }),
    symlink: os === "windows" ? { missing: "Windows asks for a privilege" } : {
      has: (target, path) => Promise.resolve(machine.putLink(target, path)),
    },
    namedPipe: os === "windows" ? { missing: "Windows has none in folders" } : {
      has: (path) => Promise.resolve(machine.putPipe(path)),
    },
    otherDevice: { has: at("/other") },
    smallDevice: { has: at("/small") },
    readOnlyDevice: { has: at("/read-only") },
    deniedFolder: os === "windows" ? { missing: "Windows folders have no permission bits" } : {
      has: at("/denied"),
    },
    processTrees: { has: true },
    origin: "http://memory.test",
    elapse: (milliseconds) => machine.clock.advance(milliseconds),
  };
}

async function contractProgram({ content, args, env, runtime, spawn }: MemoryCall) {
  if (new TextDecoder().decode(content) !== "program") return undefined;
  const [command, first = ""] = args;
  const behaviours: Record<string, () => MemoryBehaviour | Promise<MemoryBehaviour>> = {
    exit: () => ({ exitCode: Number(first) }),
    args: () => ({ stdout: JSON.stringify(args.slice(1)) }),
    env: () => ({ stdout: JSON.stringify(env) }),
    print: () => ({ stdout: "x".repeat(Number(first) / 2), stderr: "x".repeat(Number(first) / 2) }),
    pid: () => ({ stdout: String(runtime.pid) }),
    hang: () => ({ end: "never" }),
    crash: () => ({ end: "signal" }),
    family: () => withChild("never"),
    orphan: () => withChild("exit"),
  };
  return await behaviours[command ?? ""]?.();

  async function withChild(end: "never" | "exit"): Promise<MemoryBehaviour> {
    const file = await runtime.fs.open(first, { access: "create", mode: 0o600 });
    file.append(new TextEncoder().encode(String(spawn())));
    file.close();
    return { end };
  }
}

function answer(url: string): Response | Promise<Response> {
  if (url.endsWith("/hang")) return new Promise(() => {});
  return new Response(null, { status: 302, headers: { location: "/target" } });
}
