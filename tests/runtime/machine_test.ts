import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { isFileError } from "../../src/errors.ts";
import { fileError } from "../../src/runtime/machine/file_error.ts";
import {
  parseProcStat,
  parsePs,
  type ProcessFacts,
  processStartOf,
} from "../../src/runtime/machine/process_start.ts";
import { isProgram } from "../../src/runtime/machine/program_format.ts";
import { startProgram } from "../../src/runtime/machine/start_program.ts";
import { stateHomeOf } from "../../src/runtime/machine/state_home.ts";
import { systemVersion } from "../../src/runtime/machine/system_version.ts";

const KINDS: readonly [operation: string, error: object, kind: string][] = [
  ["open", { code: "ENOENT" }, "absent"],
  ["open", { code: "ENOTDIR" }, "absent"],
  ["open", { code: "EEXIST" }, "exists"],
  ["open", { code: "EACCES" }, "denied"],
  ["remove", { code: "EPERM" }, "denied"],
  ["link", { code: "EPERM" }, "unsupported"],
  ["link", { code: "EMLINK" }, "unsupported"],
  ["rename", { code: "EBUSY" }, "busy"],
  ["open", { code: "ETXTBSY" }, "busy"],
  ["rename", { code: "EXDEV" }, "cross-device"],
  ["append", { code: "ENOSPC" }, "full"],
  ["append", { code: "EDQUOT" }, "full"],
  ["append", { code: "EFBIG" }, "full"],
  ["open", { code: "EROFS" }, "read-only"],
  ["link", { code: "ENOTSUP" }, "unsupported"],
  ["open", { code: "EIO" }, "other"],
  ["open", { name: "NotCapable" }, "denied"],
  ["open", { name: "Busy" }, "busy"],
  ["run", { message: "Failed to spawn '/x': Text file busy (os error 26)" }, "busy"],
  ["run", { message: "Failed to spawn '/x': Exec format error (os error 8)" }, "unsupported"],
  ["run", { message: "Failed to spawn 'C:\\x': not a valid application (os error 193)" }, "unsupported"],
  ["run", { message: "Failed to spawn 'C:\\x': Not enough memory (os error 8)" }, "other"],
];

for (const [operation, facts, kind] of KINDS) {
  test(`a failure to ${operation} with ${JSON.stringify(facts)} is of the kind ${kind}`, () => {
    const cause = Object.assign(new Error("message" in facts ? String(facts.message) : "it failed"), facts);
    const error = fileError(operation, "/x", cause);
    deepEqual([error.kind, error.operation, error.path, error.cause], [kind, operation, "/x", cause]);
  });
}

test("a FileError is not wrapped again", () => {
  const error = fileError("open", "/x", new Error("it failed"));
  equal(fileError("run", "/y", error), error);
});

const STATE_HOMES: readonly [
  os: string,
  env: Record<string, string>,
  home: string | undefined,
  expected: string,
][] = [
  ["linux", { XDG_STATE_HOME: "/var/state", HOME: "/home/a" }, undefined, "/var/state"],
  ["linux", { XDG_STATE_HOME: "relative", HOME: "/home/a" }, undefined, "/home/a/.local/state"],
  ["linux", { XDG_STATE_HOME: "", HOME: "/home/a/" }, undefined, "/home/a/.local/state"],
  ["linux", { HOME: "" }, "/root", "/root/.local/state"],
  ["linux", { HOME: "relative" }, "/root", "/root/.local/state"],
  ["darwin", { HOME: "/Users/a" }, undefined, "/Users/a/.local/state"],
  ["windows", { LOCALAPPDATA: "C:\\Users\\a\\AppData\\Local" }, undefined, "C:\\Users\\a\\AppData\\Local"],
  ["windows", { LOCALAPPDATA: "\\\\server\\a" }, undefined, "\\\\server\\a"],
  [
    "windows",
    { LOCALAPPDATA: "Local", USERPROFILE: "C:\\Users\\a" },
    undefined,
    "C:\\Users\\a\\AppData\\Local",
  ],
  ["windows", { HOME: "/home/a" }, "C:\\Users\\b", "C:\\Users\\b\\AppData\\Local"],
];

for (const [os, env, home, expected] of STATE_HOMES) {
  test(`the state folder on ${os} with ${JSON.stringify(env)} and home ${home} is ${expected}`, () => {
    equal(stateHomeOf(os, (name) => env[name], () => home), expected);
  });
}

test("without any home folder there is no state folder, and the message says what to set", () => {
  throws(() => stateHomeOf("linux", () => undefined, () => undefined), /Set XDG_STATE_HOME or HOME/);
});

const PLIST = (version: string) =>
  `<plist><dict>\n<key>ProductName</key>\n<string>macOS</string>\n<key>ProductVersion</key>\n\t<string>${version}</string>\n</dict></plist>`;

const VERSIONS: readonly [
  os: string,
  kernel: string | undefined,
  files: string[],
  expected: string | undefined,
][] = [
  ["linux", "6.1.0-18-amd64", [], "6.1.0-18-amd64"],
  ["windows", "10.0.22631", [], "10.0.22631"],
  ["darwin", "21.6.0", [PLIST("12.6")], "12.6"],
  ["darwin", "25.0.0", ["", PLIST("26.0.1")], "26.0.1"],
  ["darwin", "21.6.0", [], "12"],
  ["darwin", "24.1.0", [], "15"],
  ["darwin", "25.0.0", [], "26"],
  ["darwin", "19.6.0", [], undefined],
  ["darwin", undefined, [], undefined],
];

for (const [os, kernel, files, expected] of VERSIONS) {
  test(`the version of ${os} with kernel ${kernel} and ${files.length} files is ${expected}`, async () => {
    const left = [...files];
    equal(await systemVersion(os, kernel, () => Promise.resolve(left.shift())), expected);
  });
}

const STATS: readonly [stat: string, start: string | undefined][] = [
  [`7 (app) S 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 10\n`, "9876"],
  [`7 (a) b ( c) R 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 10\n`, "9876"],
  [`7 (app) Z 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 10\n`, undefined],
  [`7 (app) X 1 7 7 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9876 1000 10\n`, undefined],
];

for (const [stat, start] of STATS) {
  test(`a process that ${stat.slice(0, 16)}… describes started at ${start}`, () =>
    equal(parseProcStat(stat), start));
}

const LINES: readonly [line: string, start: string | undefined][] = [
  ["Ss   Sun Nov 22 17:22:45 2026\n", "Sun Nov 22 17:22:45 2026"],
  ["R+ Sun Nov  2 17:22:45 2026", "Sun Nov 2 17:22:45 2026"],
  ["Z    Sun Nov 22 17:22:45 2026\n", undefined],
  ["", undefined],
];

for (const [line, start] of LINES) {
  test(`ps saying ${JSON.stringify(line)} means a start at ${start}`, () => equal(parsePs(line), start));
}

const NOTHING: ProcessFacts = {
  os: "linux",
  readText: () => Promise.resolve(undefined),
  isAlive: () => Promise.resolve(false),
  run: () => Promise.reject(new Error("nothing is to be run")),
  systemRoot: "C:\\Windows",
};

test("on Linux the start has the boot's id, so that it cannot come again after a restart", async () => {
  const texts: Record<string, string> = {
    "/proc/7/stat": STATS[0]![0],
    "/proc/sys/kernel/random/boot_id": "aaaa-bbbb\n",
  };
  equal(
    await processStartOf(7, { ...NOTHING, readText: (path) => Promise.resolve(texts[path]) }),
    "aaaa-bbbb/9876",
  );
});

test("a living process that Linux hides is not taken for dead", async () => {
  const hidden = processStartOf(7, { ...NOTHING, isAlive: () => Promise.resolve(true) });
  await rejects(hidden, (error) => isFileError(error, "denied"));
  equal(await processStartOf(7, NOTHING), undefined);
});

const POWERSHELL: readonly [printed: string, start: string][] = [
  ["133456789012345678\r\n", "133456789012345678"],
  ["", "running"],
  ["Get-Process : access denied", "running"],
];

for (const [printed, start] of POWERSHELL) {
  test(`on Windows a PowerShell that prints ${JSON.stringify(printed)} means the start ${start}`, async () => {
    const stdout = new TextEncoder().encode(printed);
    const facts: ProcessFacts = {
      ...NOTHING,
      os: "windows",
      isAlive: () => Promise.resolve(true),
      run: () => Promise.resolve({ exitCode: 0, stdout, stderr: new Uint8Array(), ended: undefined }),
    };
    equal(await processStartOf(7, facts), start);
    equal(await processStartOf(7, { ...facts, isAlive: () => Promise.resolve(false) }), undefined);
  });
}

const HEADS: readonly [head: string | number[], onPosix: boolean, onWindows: boolean][] = [
  [[0x7f, 0x45, 0x4c, 0x46], true, false],
  [[0xcf, 0xfa, 0xed, 0xfe], true, false],
  [[0xca, 0xfe, 0xba, 0xbe], true, false],
  ["#!/b", true, false],
  ["exit", false, false],
  ["@ech", false, false],
  ["MZ\x10\0", false, true],
  ["", false, false],
];

for (const [head, ...expected] of HEADS) {
  test(`a file that begins with ${JSON.stringify(head)} is a program on POSIX, Windows: ${expected}`, () => {
    const bytes = typeof head === "string" ? new TextEncoder().encode(head) : new Uint8Array(head);
    deepEqual([isProgram(bytes, "posix"), isProgram(bytes, "windows")], expected);
  });
}

test("startProgram() tries again while the file is busy, and gives up on other failures", async () => {
  const busy = Object.assign(new Error("busy"), { code: "ETXTBSY" });
  let attempts = 0;
  const start = () => ++attempts < 3 ? Promise.reject(busy) : Promise.resolve("started");
  const rest = { readHead: () => Promise.resolve(undefined), os: "posix" as const, signal: undefined };
  equal(await startProgram("/x", { start, ...rest }), "started");
  equal(attempts, 3);
  const denied = () => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }));
  const attempt = startProgram("/x", { start: denied, ...rest });
  await rejects(attempt, (error) => isFileError(error, "denied"));
});
