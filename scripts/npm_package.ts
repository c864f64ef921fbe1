/**
 * Published npm packages as folders and files, obtained with nothing but Deno.
 *
 * `deno cache` downloads them, so the user's npm configuration (`.npmrc`, proxy, certificates) counts, and they stay in
 * Deno's own cache, one for each user (`DENO_DIR` moves it), which several processes may use at once. No package is
 * installed: no script of it runs, and packages for other systems come like any others.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { exists, fileDigest } from "./build_cache.ts";

/** A file of a published package whose content is known beforehand. */
export interface PinnedFile {
  /** The package's name, such as `@deno/linux-x64-glibc`. */
  readonly name: string;
  /** Its exact version. */
  readonly version: string;
  /** The file's path inside the package. */
  readonly file: string;
  /** The file's SHA-256 digest, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * The path of a file of a package, downloaded when it is not there and checked against its pinned digest every time.
 *
 * @param pinned Which file.
 * @returns Its path in Deno's cache. Do not change what is there.
 */
export async function npmFile(pinned: PinnedFile): Promise<string> {
  const path = join(await npmPackage(pinned.name, pinned.version), pinned.file);
  const digest = await fileDigest(path);
  if (digest === pinned.sha256) return path;
  throw new Error(
    `Cannot use ${pinned.file} of ${pinned.name}@${pinned.version}: its SHA-256 digest is ${digest}, not ${pinned.sha256}. ` +
      `Remove ${dirname(path)} and try again; if that does not help, the package is not what it was.`,
  );
}

/**
 * The folder of a published package, downloaded when it is not there.
 *
 * @param name The package's name.
 * @param version Its exact version.
 * @returns The folder in Deno's cache. Do not change what is there.
 */
export async function npmPackage(name: string, version: string): Promise<string> {
  const cache = await npmCache();
  const found = await findPackage(cache, name, version);
  if (found) return found;
  await download(`npm:${name}@${version}`);
  const downloaded = await findPackage(cache, name, version);
  if (downloaded) return downloaded;
  throw new Error(`Cannot find ${name}@${version} in ${cache}, although Deno has just downloaded it`);
}

/** The folder of Deno's cache that holds packages. */
export async function npmCache(): Promise<string> {
  const info: { npmCache: string } = JSON.parse(await runDeno("info", "--json", "--no-config"));
  return info.npmCache;
}

/** The cache has one folder for each registry the user has ever configured; which of them served does not matter. */
async function findPackage(cache: string, name: string, version: string): Promise<string | undefined> {
  if (!await exists(cache)) return undefined;
  for await (const registry of Deno.readDir(cache)) {
    const folder = join(cache, registry.name, name, version);
    if (await exists(join(folder, "package.json"))) return folder;
  }
  return undefined;
}

async function download(specifier: string): Promise<void> {
  await runDeno("cache", "--quiet", "--no-config", "--no-lock", specifier);
}

async function runDeno(...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    env: { DENO_NO_PACKAGE_JSON: "1", NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`deno ${args.join(" ")} failed:\n${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
