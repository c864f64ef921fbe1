/** The contract of `Runtime.run` and `Runtime.processStart`. */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { RunOptions, RunResult } from "../runtime/types.ts";
import type { ContractSubject, RegisterTest } from "./contract.ts";
import { rejectsWithKind } from "./expect_kind.ts";
import { folderTests } from "./folder.ts";
import { withMeans } from "./with_means.ts";

const decoder = new TextDecoder();

/** Long enough for a slow start under emulation. */
const AMPLE = { timeout: 60_000, maxOutputBytes: 64 * 1024 };

/**
 * Registers the tests of running programs.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 */
export function programContract(test: RegisterTest, subject: ContractSubject): void {
  const { runtime } = subject;
  const { os } = runtime;
  const inFolder = folderTests(test, subject);

  for (const code of [0, 1, 3, 255]) {
    test(`run() tells the exit code ${code}`, async () => {
      const result = await run(["exit", String(code)]);
      equal(result.exitCode, code);
      equal(result.ended, undefined);
    });
  }

  test("run() has no exit code to tell for a program that was ended by a signal", async () => {
    equal((await run(["crash"])).exitCode, os === "windows" ? 1 : undefined);
  });

  test("run() passes arguments as they are", async () => {
    const args = [
      "",
      "two words",
      `"`,
      "'",
      "\\",
      'a\\"b',
      "$HOME",
      "%PATH%",
      "*",
      "ünï-ço∂é 🦕",
      "-x",
      "a&b|c>d",
    ];
    const result = await run(["args", ...args]);
    deepEqual(JSON.parse(decoder.decode(result.stdout)), args);
  });

  test("run() passes the given environment and nothing else", async () => {
    const { env } = await subject.program();
    const result = await run(["env"], { env: { FIRST: "one two", SECOND: "ü" } });
    const seen: Record<string, string> = JSON.parse(decoder.decode(result.stdout));
    equal(seen["FIRST"], "one two");
    equal(seen["SECOND"], "ü");
    const unexpected = Object.keys(seen).filter((name) =>
      !["FIRST", "SECOND", ...Object.keys(env)].includes(name)
    );
    deepEqual(unexpected.filter((name) => !isAddedBySystem(name, os)), []);
  });

  test("run() keeps both outputs apart", async () => {
    const result = await run(["print", "2000"]);
    deepEqual([result.stdout.length, result.stderr.length], [1000, 1000]);
  });

  test("run() ends a program that prints too much, and keeps no more than the cap", async () => {
    const result = await run(["print", "100000000"], { maxOutputBytes: 5000 });
    equal(result.ended, "output");
    equal(result.exitCode, undefined);
    equal(result.stdout.length + result.stderr.length, 5000);
  });

  test("run() lets a program print exactly the cap", async () => {
    const result = await run(["print", "2000"], { maxOutputBytes: 2000 });
    deepEqual([result.ended, result.exitCode], [undefined, 0]);
  });

  test("run() ends a program that does not end", async () => {
    const running = run(["hang"], { timeout: 300 });
    await subject.elapse?.(300);
    const result = await running;
    deepEqual([result.ended, result.exitCode], ["timeout", undefined]);
  });

  test("run() ends a program and rejects with the reason when aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const running = run(["hang"], { signal: controller.signal });
    controller.abort(reason);
    await rejects(running, (error) => error === reason);
    await rejects(run(["exit", "0"], { signal: controller.signal }), (error) => error === reason);
  });

  withMeans("process trees", subject.processTrees, () => {
    inFolder("run() ends the children of a program that ran into its timeout (T27)", async (folder) => {
      await runIntoTimeout(folder.path("child"), 3000);
      await hasEnded(Number(await folder.read("child")));
    });
  });

  inFolder(
    "run() does not wait for children that a program left behind, and ends them (T27)",
    async (folder) => {
      const running = run(["orphan", folder.path("child")]);
      await subject.elapse?.(1000);
      const result = await running;
      deepEqual([result.ended, result.exitCode], [undefined, 0]);
      await hasEnded(Number(await folder.read("child")));
    },
  );

  inFolder("run() of something absent rejects with the kind absent", async (folder) => {
    await rejectsWithKind(
      "absent",
      runtime.run(folder.path("absent"), { args: [], env: {}, ...AMPLE }),
      "run",
    );
  });

  inFolder("run() of a file that is not executable rejects", async (folder) => {
    await folder.write("file.exe", "#!/bin/sh\nexit 0\n", 0o600);
    const attempt = runtime.run(folder.path("file.exe"), { args: [], env: {}, ...AMPLE });
    await rejectsWithKind(os === "windows" ? undefined : "denied", attempt, "run");
  });

  inFolder("run() of a file that is no program rejects, and no shell tries it (T27)", async (folder) => {
    await folder.write("file.exe", "exit 0\n", 0o700);
    const attempt = runtime.run(folder.path("file.exe"), { args: [], env: {}, ...AMPLE });
    await rejectsWithKind("unsupported", attempt, "run");
  });

  test("processStart() is the same text each time it is asked about a living process", async () => {
    const first = await runtime.processStart(runtime.pid);
    equal(typeof first, "string");
    ok(first !== "");
    equal(await runtime.processStart(runtime.pid), first);
  });

  test("processStart() is undefined for a process that has ended, and for numbers that none can have", async () => {
    const result = await run(["pid"]);
    await hasEnded(Number(decoder.decode(result.stdout)));
    for (const pid of [0, -1, 1.5, NaN, 2 ** 31 - 1]) {
      equal(await runtime.processStart(pid), undefined, String(pid));
    }
  });

  async function run(args: readonly string[], options: Partial<RunOptions> = {}): Promise<RunResult> {
    const program = await subject.program();
    return await runtime.run(program.path, {
      ...AMPLE,
      ...options,
      args: [...program.args, ...args],
      env: { ...program.env, ...options.env },
    });
  }

  /** A machine that is busy or emulated may need longer than that before there is a child at all. */
  async function runIntoTimeout(child: string, timeout: number): Promise<void> {
    const running = run(["family", child], { timeout });
    await subject.elapse?.(timeout);
    equal((await running).ended, "timeout");
    if (await runtime.fs.stat(child) === undefined && timeout < AMPLE.timeout) {
      await runIntoTimeout(child, 3 * timeout);
    }
  }

  /** The system may take a moment to bury a process; it is asked for a minute at most. */
  async function hasEnded(pid: number): Promise<void> {
    ok(Number.isSafeInteger(pid) && pid > 0, `process number ${pid}`);
    const deadline = Date.now() + 60_000;
    while (await runtime.processStart(pid) !== undefined) {
      ok(Date.now() < deadline, `process ${pid} still runs`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Windows and macOS add variables of their own to any environment. */
function isAddedBySystem(name: string, os: string): boolean {
  return os === "windows"
    ? /^(?:SystemRoot|SystemDrive|windir|PATH|TEMP|HOMEDRIVE|HOMEPATH|LOGONSERVER|USER\w+|WINE\w*)$/i.test(
      name,
    )
    : os === "darwin" && name === "__CF_USER_TEXT_ENCODING";
}
