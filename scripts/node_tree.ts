/**
 * A copy of the project that Node 20 can run: types stripped in place, so that line numbers stay, `.ts` specifiers
 * renamed, and a `node_modules` with the versions of `deno.json`.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";

/** What a copy is made of. */
export interface NodeTreeOptions {
  /** Files and folders to copy, from the root of the project. */
  readonly include: readonly string[];
  /** Folders inside those that are left out, each with a `/` at its end. */
  readonly exclude: readonly string[];
}

/** The parts of `deno.json` that matter here. */
interface DenoConfig {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/**
 * Makes the copy, replacing an older one.
 *
 * @param root The project.
 * @param tree Where the copy goes.
 * @param options What is copied.
 * @returns The copied files, from the root of the copy.
 */
export async function makeNodeTree(root: string, tree: string, options: NodeTreeOptions): Promise<string[]> {
  for (const part of options.include) await remove(join(tree, part));
  const copied: string[] = [];
  for await (const file of filesOf(root, options.include)) {
    if (options.exclude.some((folder) => file.startsWith(folder))) continue;
    copied.push(await copyFile(root, tree, file));
  }
  const config: DenoConfig = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  await installPackages(root, tree, {
    name: config.name,
    version: config.version,
    type: "module",
    exports: JSON.parse(JSON.stringify(config.exports).replaceAll(".ts", ".js")),
    dependencies: npmVersions(config.imports),
  });
  return copied.sort();
}

/**
 * Installs packages for Node and Bun with Deno, which needs no npm; install scripts do not run.
 *
 * @param root The project, for its lock file.
 * @param folder Where `package.json` and `node_modules` go.
 * @param packageJson What is installed, and who installs it.
 */
export async function installPackages(
  root: string,
  folder: string,
  packageJson: { readonly dependencies: Readonly<Record<string, string>>; readonly [field: string]: unknown },
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(packageJson, undefined, 2));
  await Deno.writeTextFile(join(folder, "deno.json"), "{}");
  await Deno.copyFile(join(root, "deno.lock"), join(folder, "deno.lock"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--node-modules-dir=auto"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(`Cannot install packages in ${folder}: ${new TextDecoder().decode(stderr)}`);
}

/**
 * The exact npm versions in an import map.
 *
 * @param imports The `imports` of `deno.json`.
 * @returns Package names with versions.
 */
export function npmVersions(imports: Readonly<Record<string, string>>): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const specifier of Object.values(imports)) {
    const [, name, version] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(specifier) ?? [];
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}

async function* filesOf(root: string, parts: readonly string[]): AsyncGenerator<string> {
  for (const part of parts) {
    const info = await Deno.stat(join(root, part));
    if (info.isFile) yield part;
    if (!info.isDirectory) continue;
    const entries = await Array.fromAsync(Deno.readDir(join(root, part)));
    yield* filesOf(root, entries.map(({ name }) => `${part}/${name}`));
  }
}

async function copyFile(root: string, tree: string, file: string): Promise<string> {
  const target = file.endsWith(".ts") ? file.replace(/\.ts$/, ".js") : file;
  await Deno.mkdir(dirname(join(tree, target)), { recursive: true });
  if (target === file) await Deno.copyFile(join(root, file), join(tree, target));
  else {await Deno.writeTextFile(
      join(tree, target),
      toJavaScript(await Deno.readTextFile(join(root, file)), file),
    );}
  return target;
}

function toJavaScript(source: string, file: string): string {
  try {
    return stripTypeScriptTypes(source).replaceAll(/(["'])(\.{1,2}\/[^"'\n]+)\.ts\1/g, "$1$2.js$1");
  } catch (error) {
    throw new Error(`Cannot strip the types of ${file}: use only syntax that can be erased.`, {
      cause: error,
    });
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
