/** The files for systemd, launchd and the Task Scheduler, read by their own readers or by real parsers. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { launchdAgent } from "../../src/service/launchd_agent.ts";
import { scheduledTask } from "../../src/service/scheduled_task.ts";
import { type ServiceProgram, unwritableText } from "../../src/service/service_program.ts";
import { systemdUnit } from "../../src/service/systemd_unit.ts";
import { leaveOut } from "../support/skipped.ts";

/** Everything that has a meaning in one of the three files, and is allowed in the name of a folder. */
const STRANGE = `a b%h "q" 'x' \\n $HOME \${X} & <é> ; = #`;
const FOLDERS: readonly string[] = [
  "plain",
  "with space",
  "100%h",
  "$HOME",
  "it's",
  'a "quote"',
  "back\\slash",
  STRANGE,
];

function programIn(folder: string, scope: ServiceProgram["scope"] = "system"): ServiceProgram {
  return {
    executable: `${folder}/cco`,
    args: ["run", "--quiet", `--config=${folder}/config.toml`],
    env: { HOME: folder, XDG_STATE_HOME: `${folder}/state` },
    writable: [folder, `${folder}/state`],
    scope,
  };
}

/** What a program prints and how it ends; `undefined` when there is no such program. */
function run(command: string, args: string[]): Promise<{ code: number; text: string } | undefined> {
  return new Promise((resolve) => {
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", XDG_RUNTIME_DIR: tmpdir() };
    execFile(command, args, { env }, (error, stdout, stderr) => {
      const isAbsent = error !== null && "code" in error && error.code === "ENOENT";
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve(isAbsent ? undefined : { code, text: stdout + stderr });
    });
  });
}

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cco-units-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

for (const scope of ["user", "system"] as const) {
  for (const name of FOLDERS) {
    test(`systemd accepts the unit of the ${scope} for a program in ${JSON.stringify(name)}`, async (t) => {
      const folder = await folderFor(t);
      const home = join(folder, name);
      await mkdir(home);
      await writeFile(join(home, "cco"), "#!/bin/sh\n");
      await chmod(join(home, "cco"), 0o755);
      const unit = join(folder, "cco.service");
      await writeFile(unit, systemdUnit(programIn(home, scope)));
      const verified = await run("systemd-analyze", [
        ...(scope === "user" ? ["--user"] : []),
        "verify",
        unit,
      ]);
      if (verified === undefined) return leaveOut(t, "systemd-analyze is not installed");
      if (verified.text.includes("Failed to initialize manager")) return leaveOut(t, verified.text);
      assert.deepEqual(verified.text.split("\n").filter((line) => line.includes("cco.service")), []);
      assert.equal(verified.code, 0, verified.text);
    });
  }
}

test("systemd refuses a unit that this test has broken: its word means something", async (t) => {
  const folder = await folderFor(t);
  const unit = join(folder, "cco.service");
  await writeFile(unit, systemdUnit(programIn(folder)));
  const verified = await run("systemd-analyze", ["verify", unit]);
  if (verified === undefined) return leaveOut(t, "systemd-analyze is not installed");
  if (verified.text.includes("Failed to initialize manager")) return leaveOut(t, verified.text);
  assert.notEqual(verified.code, 0);
  assert(verified.text.includes("is not executable"), verified.text);
});

test("the unit of the system may write to the executable's folder and its state, and to no more", () => {
  const unit = systemdUnit(programIn("/opt/cco tools"));
  const lines = unit.split("\n");
  assert(lines.includes('ReadWritePaths="/opt/cco tools" "/opt/cco tools/state"'), unit);
  for (const line of ["ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes", "UMask=0077"]) {
    assert(lines.includes(line), line);
  }
  // V8 writes code to memory; and a program in /tmp would not be there for itself.
  assert(!unit.includes("MemoryDenyWriteExecute"));
  assert(!systemdUnit(programIn("/tmp/x")).includes("PrivateTmp"));
});

test("the unit of a person has nothing that needs root: namespaces may be forbidden", () => {
  const unit = systemdUnit(programIn("/home/ann/.local/bin", "user"));
  assert.doesNotMatch(unit, /^(?:Protect\w+|Private\w+|ReadWritePaths)=/m);
  assert.match(unit, /^WantedBy=default\.target$/m);
  assert.match(unit, /^NoNewPrivileges=yes$/m);
});

for (const name of FOLDERS) {
  test(`a parser of property lists reads what was meant for ${JSON.stringify(name)}`, async (t) => {
    const file = join(await folderFor(t), "cco.service.plist");
    const program = programIn(`/Users/ann/${name}`);
    await writeFile(file, launchdAgent(program));
    const script = "import plistlib,json,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))";
    const parsed = await run("python3", ["-c", script, file]);
    if (parsed === undefined) return leaveOut(t, "python3 is not installed");
    assert.equal(parsed.code, 0, parsed.text);
    const agent = JSON.parse(parsed.text);
    assert.equal(agent.Label, "cco.service");
    assert.deepEqual(agent.ProgramArguments, [program.executable, ...program.args]);
    assert.deepEqual(agent.EnvironmentVariables, { ...program.env, CCO_SUPERVISOR: "launchd" });
    assert.deepEqual(agent.KeepAlive, { SuccessfulExit: false });
    assert.equal(agent.Umask, 0o077);
  });

  test(`a parser of XML reads what was meant in the task for ${JSON.stringify(name)}`, async (t) => {
    const file = join(await folderFor(t), "task.xml");
    const program = programIn(`C:\\Users\\ann\\${name}`, "user");
    await writeFile(file, `\ufeff${scheduledTask(program, "DESKTOP\\ann & co")}`, "utf16le");
    const script = "import json,sys,xml.etree.ElementTree as e; r=e.parse(sys.argv[1]).getroot(); " +
      "print(json.dumps({x.tag.split('}')[1]: x.text for x in r.iter()}))";
    const parsed = await run("python3", ["-c", script, file]);
    if (parsed === undefined) return leaveOut(t, "python3 is not installed");
    assert.equal(parsed.code, 0, parsed.text);
    const task = JSON.parse(parsed.text);
    assert.equal(task.Command, program.executable);
    assert.deepEqual(wordsOf(task.Arguments), program.args);
    assert.equal(task.UserId, "DESKTOP\\ann & co");
    assert.equal(task.ExecutionTimeLimit, "PT0S");
    assert.equal(task.RunLevel, "LeastPrivilege");
  });
}

test("a path with a control character is found before it gets into a file", () => {
  assert.equal(unwritableText(programIn("/home/ann")), undefined);
  assert.equal(unwritableText(programIn("/home/a\nExecStart=x")), "/home/a\nExecStart=x/cco");
});

/** As the C runtime of Windows takes a command line apart. */
function wordsOf(line: string): string[] {
  return [
    ...line.matchAll(
      /(?:[^\s"\\]|\\+(?!")|(?:\\\\)*\\"|(?:\\\\)*"(?:[^"\\]|\\+(?!["\\])|(?:\\\\)*\\")*(?:\\\\)*")+/g,
    ),
  ]
    .map(([word]) =>
      word.replace(
        /(\\*)"/g,
        (_, slashes: string) => "\\".repeat(slashes.length >> 1) + (slashes.length % 2 === 1 ? '"' : ""),
      )
    );
}
