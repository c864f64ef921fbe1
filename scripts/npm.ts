/**
 * Builds the npm package: `deno pack` compiles it, this adds what `deno pack` does not know.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { unpackTar } from "modern-tar";

/** What the package says besides what `deno.json` knows. */
const FIELDS = {
  description:
    "Self-update for standalone executables: signed manifests, verified downloads, a swap that can be undone",
  keywords: ["autoupdate", "bun", "deno", "executable", "self-update", "updater"],
  engines: { node: ">=20", bun: ">=1.4", deno: ">=2.7" },
  sideEffects: false,
};

/** Packages that only an optional entry point loads: who uses it installs them. */
const OPTIONAL = ["openpgp"];

/** Where npm archives keep the files. */
const ARCHIVE_FOLDER = "package/";

if (import.meta.main) {
  const folder = Deno.args[0] ?? "npm";
  const files = await buildNpmPackage(folder);
  console.log(`${folder}: ${files.length} files. Publish it with: npm publish ${folder}`);
}

/**
 * Builds the package into a folder, replacing what is there.
 *
 * @param folder Where it goes.
 * @returns The files of the package, sorted.
 */
export async function buildNpmPackage(folder: string): Promise<string[]> {
  const archive = await pack();
  await removeFolder(folder);
  const files: string[] = [];
  const unzipped = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
  for (const { header, data } of await unpackTar(unzipped)) {
    const file = header.name.slice(ARCHIVE_FOLDER.length);
    if (data === undefined || !belongs(file)) continue;
    await Deno.mkdir(dirname(join(folder, file)), { recursive: true });
    await Deno.writeFile(join(folder, file), data);
    files.push(file);
  }
  await completePackageJson(join(folder, "package.json"));
  return files.sort();
}

/** Source maps would carry this machine's paths (`--no-source-maps`). */
async function pack(): Promise<Uint8Array<ArrayBuffer>> {
  const path = await Deno.makeTempFile({ suffix: ".tgz" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["pack", "--quiet", "--allow-dirty", "--no-source-maps", "--output", path],
      cwd: new URL("..", import.meta.url),
    }).output();
    if (!success) {
      throw new Error(`Cannot pack (deno pack needs Deno 2.8): ${new TextDecoder().decode(stderr)}`);
    }
    return await Deno.readFile(path);
  } finally {
    await Deno.remove(path);
  }
}

/** `deno pack` adds every file of the JSR package that no entry point reaches, as TypeScript; npm users cannot run those. */
function belongs(file: string): boolean {
  return !file.endsWith(".ts") || file.endsWith(".d.ts");
}

async function completePackageJson(path: string): Promise<void> {
  const { name, version, dependencies, ...rest } = JSON.parse(await Deno.readTextFile(path));
  const peers = Object.entries(dependencies).filter(([dependency]) => OPTIONAL.includes(dependency));
  const repository = Deno.env.get("GITHUB_REPOSITORY");
  const complete = {
    name,
    version,
    ...FIELDS,
    ...(repository === undefined
      ? {}
      : { repository: { type: "git", url: `git+https://github.com/${repository}.git` } }),
    ...rest,
    dependencies: Object.fromEntries(
      Object.entries(dependencies).filter(([dependency]) => !OPTIONAL.includes(dependency)),
    ),
    peerDependencies: Object.fromEntries(peers),
    peerDependenciesMeta: Object.fromEntries(peers.map(([peer]) => [peer, { optional: true }])),
  };
  await Deno.writeTextFile(path, `${JSON.stringify(complete, undefined, 2)}\n`);
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
