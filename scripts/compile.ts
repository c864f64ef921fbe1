/**
 * Compiles `cco` into executables and packs them as a release: `deno task compile --help`.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "node:path";
import type { Build } from "../src/cli/build.ts";
import { fileDigest } from "./build_cache.ts";
import { checksums, packExecutable } from "./compile/archives.ts";
import { compileArguments, USAGE } from "./compile/arguments.ts";
import { bundle } from "./compile/bundle.ts";
import { Compiler } from "./compile/compiler.ts";
import type { Platform } from "./compile/platforms.ts";
import { projectVersion, takeSnapshot } from "./compile/snapshot.ts";
import { isRecoveredDenort } from "./denort.ts";

/** What to compile, and where to put it. */
export interface CompileOptions {
  /** The facts that go into the executables. */
  readonly build: Build;
  /** The platforms to compile for. */
  readonly platforms: readonly Platform[];
  /** The folder for everything; made when absent. */
  readonly out: string;
  /** Receives what a person would want to know meanwhile; nothing is said when absent. */
  readonly say?: (line: string) => void;
}

/** A file that was made. */
export interface CompiledFile {
  /** Its path. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Its SHA-256 digest, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** What was made for one platform. */
export interface CompiledPlatform {
  /** The platform. */
  readonly platform: Platform;
  /** `OUT/<platform>/cco`. */
  readonly executable: CompiledFile;
  /** `OUT/cco-v<version>-<platform>.tar.gz`, or `.zip`. */
  readonly archive: CompiledFile;
}

/**
 * Compiles, packs, and writes `checksums.sha256` beside the archives.
 *
 * @param options What to compile.
 * @returns What was made, for each platform.
 */
export async function compile(options: CompileOptions): Promise<CompiledPlatform[]> {
  const { build, platforms } = options;
  const say = options.say ?? (() => {});
  await checkOwnDenort(options);
  const out = resolve(options.out);
  await Deno.mkdir(out, { recursive: true });
  const compiler = new Compiler(build.kind, say);
  await using sources = await takeSnapshot(build);
  await using snapshot = await bundle(sources);
  for (const platform of platforms) {
    const { executable, archive } = pathsIn(out, build.version, platform);
    await Deno.mkdir(dirname(executable), { recursive: true });
    await compiler.compile(snapshot, platform, executable);
    await packExecutable(executable, archive, platform.format);
  }
  const made = await describeRelease(out, build.version, platforms);
  const digests = new Map(made.map(({ archive }) => [basename(archive.path), archive.sha256]));
  await Deno.writeTextFile(join(out, "checksums.sha256"), checksums(digests));
  return made;
}

/**
 * What {@link compile} has made in a folder.
 *
 * @param out The folder.
 * @param version The version that was compiled.
 * @param platforms The platforms that it was compiled for.
 * @returns The files, for each platform.
 */
export async function describeRelease(
  out: string,
  version: string,
  platforms: readonly Platform[],
): Promise<CompiledPlatform[]> {
  return await Promise.all(platforms.map(async (platform) => {
    const { executable, archive } = pathsIn(out, version, platform);
    return { platform, executable: await describe(executable), archive: await describe(archive) };
  }));
}

function pathsIn(out: string, version: string, platform: Platform): { executable: string; archive: string } {
  return {
    executable: join(out, platform.name, platform.executable),
    archive: join(out, `cco-v${version}-${platform.name}.${platform.format}`),
  };
}

/** `DENORT_BIN` makes `deno compile` use that runtime, whatever it is and whatever it is asked to compile for. */
async function checkOwnDenort({ build, platforms }: CompileOptions): Promise<void> {
  const denort = Deno.env.get("DENORT_BIN");
  if (!denort) return;
  if (platforms.length > 1) {
    throw new Error(
      `Cannot compile for ${platforms.length} platforms with DENORT_BIN=${denort}: one runtime is for one of them`,
    );
  }
  if (build.kind === "release" && await isRecoveredDenort(denort)) {
    throw new Error(
      `Cannot make a release with DENORT_BIN=${denort}: it was taken out of somebody else's program. Unset it.`,
    );
  }
}

async function describe(path: string): Promise<CompiledFile> {
  const { size } = await Deno.stat(path);
  return { path, size, sha256: await fileDigest(path) };
}

/** The command: 0 when everything was made, 1 when not, 2 when the arguments are wrong. */
async function main(args: string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  let options: CompileOptions;
  try {
    options = compileArguments(args, await projectVersion());
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const { version, kind, allowUnsigned } = options.build;
  console.log(
    `Compiling cco ${version}: a ${kind} build that ${
      allowUnsigned ? "allows" : "refuses"
    } unsigned releases`,
  );
  try {
    const made = await compile({ ...options, say: console.log });
    for (const { executable, archive } of made) console.log(`${executable.path}\n${archive.path}`);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
