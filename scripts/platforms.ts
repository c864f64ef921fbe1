/**
 * Runs the portable tests and updates of compiled executables as the other platforms that can be emulated here: Windows
 * under wine, Linux on ARM64 under QEMU. `deno task test:platforms windows` or `… suite` runs only stages with that in
 * their name. What cannot be emulated on this machine is skipped, and says why.
 *
 * @module
 */

import { join } from "node:path";
import { DENO_FOLDERS } from "./lint/borders.ts";
import { emulatedDeno, makeDenoFolder } from "./emulators/deno.ts";
import { EMULATED, type EmulatedPlatform, type Emulator, openEmulator } from "./emulators/emulator.ts";
import { printResults, runStage, type Stage, type StageResult } from "./stage.ts";

/** A file or folder of portable tests that is left out, and why. */
type Exclusion = readonly [path: string, reason: string];

/** What the suite of a platform needs. */
interface Suite {
  readonly excluded: readonly Exclusion[];
  /** The file of tests that update compiled executables. */
  readonly updates: string;
}

const SUITES: Readonly<Record<EmulatedPlatform, Suite>> = {
  "windows-x86_64": {
    excluded: [
      ["tests/transport/peers/", "its peers, nginx, tinyproxy and openssl, are programs of Linux"],
      [
        "tests/service/units_test.ts",
        "systemd judges its files, of programs in folders that Windows cannot have",
      ],
    ],
    updates: "tests/platforms/windows_test.ts",
  },
  "linux-aarch64": {
    excluded: [
      [
        "tests/archive/random_archives_test.ts",
        "it computes for five minutes, and touches nothing of the system",
      ],
      [
        "tests/contract/node_in_deno_test.ts",
        "it starts forty programs, which the contract of Deno's own adapter does too",
      ],
      [
        "tests/journal_across_runtimes_test.ts",
        "QEMU makes up when its own process started, for each thread another moment",
      ],
    ],
    updates: "tests/platforms/linux_aarch64_test.ts",
  },
};

/** An emulated suite takes several times as long as a native one. In milliseconds. */
const LIMIT = 45 * 60 * 1000;

const ROOT = new URL("..", import.meta.url).pathname;

if (import.meta.main) Deno.exit(await runPlatforms(Deno.args));

async function runPlatforms(words: readonly string[]): Promise<number> {
  const results: StageResult[] = [];
  for (const platform of EMULATED) {
    const names = ["suite", "updates"].map((part) => `${platform} ${part}`)
      .filter((name) => words.every((word) => name.includes(word.toLowerCase())));
    if (names.length > 0) results.push(...await runPlatform(platform, names));
  }
  if (results.length > 0) return printResults(results);
  // A machine that cannot emulate has nothing to fail.
  console.log("\n0 passed, 0 failed");
  return 0;
}

async function runPlatform(platform: EmulatedPlatform, names: readonly string[]): Promise<StageResult[]> {
  const emulator = await openEmulator(platform);
  if (typeof emulator === "string") {
    console.log(`\n== ${platform} is skipped: ${emulator} ==`);
    return [];
  }
  await using _ended = emulator;
  const problem = await whyNothingRuns(emulator);
  if (problem !== undefined) {
    console.log(`\n== ${platform} is skipped: ${problem} ==`);
    return [];
  }
  const folder = await Deno.makeTempDir({ prefix: "cco-platform-" });
  try {
    const results: StageResult[] = [];
    for (const name of names) {
      console.log(`\n== ${name} ==`);
      const make = name.endsWith("suite") ? suiteStage : updatesStage;
      results.push(await runStage(await make(name, SUITES[platform], emulator, folder)));
    }
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A container may allow neither mounts nor emulators, and other versions of them may not do. */
async function whyNothingRuns(emulator: Emulator): Promise<string | undefined> {
  const { command, args, env } = emulator.command(await emulatedDeno(emulator.platform), ["--version"]);
  const { stdout, stderr, code } = await new Deno.Command(command, { args, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (code === 0 && decoder.decode(stdout).startsWith("deno ")) return undefined;
  return `its Deno does not start here (exit code ${code}): ${decoder.decode(stderr).trim().split("\n")[0]}`;
}

async function suiteStage(name: string, suite: Suite, emulator: Emulator, folder: string): Promise<Stage> {
  for (const [path, reason] of suite.excluded) console.log(`left out: ${path}: ${reason}`);
  const cache = join(folder, "deno");
  await makeDenoFolder(cache, ROOT);
  const ignored = [...DENO_FOLDERS, ...suite.excluded.map(([path]) => path)];
  const { command, args, env } = emulator.command(await emulatedDeno(emulator.platform), [
    ...["test", "--allow-all", "--no-check", "--quiet", "--parallel", "--frozen"],
    `--ignore=${ignored.join(",")}`,
    "tests",
  ]);
  return {
    name,
    command,
    args,
    env: { ...env, DENO_DIR: emulator.path(cache), NO_COLOR: "1" },
    cwd: ROOT,
    kind: "tests",
    limit: LIMIT,
  };
}

function updatesStage(name: string, { updates }: Suite, { shared }: Emulator): Promise<Stage> {
  const args = ["test", "--allow-all", "--no-check", updates];
  return Promise.resolve({
    name,
    command: Deno.execPath(),
    args,
    env: { ...shared },
    cwd: ROOT,
    kind: "tests",
    limit: LIMIT,
  });
}
