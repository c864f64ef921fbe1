/**
 * `deno task demo`: an executable made by `deno compile` updates itself and goes back, as a person would see it.
 *
 * Everything happens in temporary folders and on the loopback interface, and nothing is left behind. Exits with 1 when
 * anything was not as it must be.
 *
 * @module
 */

import { join } from "node:path";
import { developmentBuild } from "../src/cli/build.ts";
import { generateKey, type SecretKey } from "../src/minisign_secret.ts";
import { fileDigest } from "./build_cache.ts";
import { compile } from "./compile.ts";
import { hostPlatform, platformsOf } from "./compile/platforms.ts";
import { Home, type Output } from "./demo/home.ts";
import { publish, type Version } from "./demo/release.ts";
import { startReleaseServer } from "./demo/release_server.ts";

const OLD = "2025.11.1";
const NEW = "2025.11.2";
const NOTES = "- Fix: Improved error handling";

/** One command of the demonstration, and what must be true after it. */
interface Step {
  readonly args: readonly string[];
  /** Lines that its standard output must have. */
  readonly lines: readonly string[];
  /** The version that is installed afterwards. */
  readonly installed: string;
}

const STEPS: readonly Step[] = [
  { args: ["version"], lines: [`CCO version ${OLD}`], installed: OLD },
  {
    args: ["update", "--check"],
    lines: [`→ Latest version: ${NEW}`, `ℹ️  New version available: v${NEW}`],
    installed: OLD,
  },
  {
    args: ["update", "--yes"],
    lines: [
      `  ${NOTES}`,
      "  ✓ Checksum verified",
      "  ✓ Signature verified",
      `✅ Successfully updated to v${NEW}`,
    ],
    installed: NEW,
  },
  { args: ["version"], lines: [`CCO version ${NEW}`], installed: NEW },
  { args: ["rollback"], lines: [], installed: OLD },
  { args: ["version"], lines: [`CCO version ${OLD}`], installed: OLD },
];

const PROVED = [
  `cco ${OLD} found ${NEW} on the server, checked its signature and its digest, and replaced itself with it;`,
  "the installed file was then byte for byte the one that was published, and ran;",
  `\`cco rollback\` brought ${OLD} back, byte for byte, and it ran;`,
  "no temporary file stayed beside the executable.",
];

async function demonstrate(): Promise<boolean> {
  const started = performance.now();
  const folder = await temporaryFolder();
  try {
    const faults = await withServer(folder);
    for (const fault of faults) console.error(`✗ ${fault}`);
    if (faults.length > 0) return false;
    console.log(
      `\nProved in ${((performance.now() - started) / 1000).toFixed(0)} seconds, with real executables:`,
    );
    for (const line of PROVED) console.log(`  ${line}`);
    return true;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A folder that also holds what every part of the demonstration thinks temporary, so that removing it removes all. */
async function temporaryFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "cco-demo-" });
  for (const name of ["TMPDIR", "TEMP", "TMP"]) Deno.env.set(name, folder);
  Deno.addSignalListener("SIGINT", () => {
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(130);
  });
  return folder;
}

async function withServer(folder: string): Promise<string[]> {
  await using server = startReleaseServer();
  const manifest = `${server.base}version-manifest.json`;
  console.log(`Compiling cco ${OLD} and ${NEW} for ${hostPlatform()} with Deno ${Deno.version.deno} ...`);
  const key = await generateKey((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
  const before = await compileVersion(OLD, manifest, key, folder);
  const after = { ...await compileVersion(NEW, manifest, key, folder), notes: NOTES };
  await publish(server, [before, after], key);
  console.log(`Serving both at ${manifest}`);
  await using home = await Home.make();
  await home.install(executableOf(before).path);
  console.log(`Installed ${OLD} at ${home.executable}`);
  return await walk(
    home,
    new Map([before, after].map((version) => [version.version, executableOf(version).sha256])),
  );
}

/** The executables trust the demonstration's own key and nothing else. */
async function compileVersion(
  version: string,
  source: string,
  key: SecretKey,
  folder: string,
): Promise<Version> {
  const trust = { keys: [key.publicKey.text], allowUnsigned: false };
  const build = { ...developmentBuild(version), ...trust, sources: [source] };
  const out = join(folder, version);
  return { version, compiled: await compile({ build, platforms: platformsOf(["host"]), out, say: sayOnce }) };
}

const said = new Set<string>();

/** What concerns both compilations is said once. */
function sayOnce(line: string): void {
  if (!said.has(line)) console.log(line);
  said.add(line);
}

function executableOf({ compiled, version }: Version): { path: string; sha256: string } {
  const [made] = compiled;
  if (!made) throw new Error(`Cannot demonstrate ${version}: it was compiled for no platform`);
  return made.executable;
}

/** Runs the steps; ends with the first that is not as it must be. */
async function walk(home: Home, digests: ReadonlyMap<string, string>): Promise<string[]> {
  for (const step of STEPS) {
    const output = await home.run(...step.args);
    console.log(`\n$ cco ${step.args.join(" ")}\n${output.stdout}${output.stderr}`.trimEnd());
    const faults = [...faultsOf(step, output), ...await faultsOnDisk(step, home, digests)];
    if (faults.length > 0) return faults;
  }
  return [];
}

function faultsOf({ args, lines }: Step, { code, stdout }: Output): string[] {
  const printed = stdout.split("\n");
  const missing = lines.filter((line) => !printed.includes(line));
  return [
    ...code === 0 ? [] : [`cco ${args.join(" ")} exited with ${code}, not 0`],
    ...missing.map((line) => `cco ${args.join(" ")} did not print the line: ${line}`),
  ];
}

async function faultsOnDisk(
  { args, installed }: Step,
  home: Home,
  digests: ReadonlyMap<string, string>,
): Promise<string[]> {
  const digest = await fileDigest(home.executable);
  const strays = (await home.installed()).filter((name) => name.startsWith("."));
  return [
    ...digest === digests.get(installed)
      ? []
      : [`after cco ${args.join(" ")} the installed file is not cco ${installed}`],
    ...strays.map((name) => `after cco ${args.join(" ")} there is a stray file ${name}`),
  ];
}

if (import.meta.main) Deno.exit(await demonstrate() ? 0 : 1);
