/**
 * The packages that the program itself uses, out of all that this repository does.
 *
 * `deno compile` embeds what the lock file ties together: a tool of the tests that is an optional peer of a library makes
 * an executable 23 MB larger. So the program gets a configuration and a lock file with its own packages only.
 *
 * @module
 */

/** Package addresses by the name under which sources import them. */
export type Imports = Readonly<Record<string, string>>;

interface Lock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string; readonly dependencies?: string[] }>>;
}

/**
 * Those of the configured packages that a source mentions in an import.
 *
 * @param imports All of them.
 * @param sources The texts of the program's modules.
 * @returns The ones it uses.
 */
export function usedImports(imports: Imports, sources: readonly string[]): Imports {
  const isUsed = (name: string) => {
    const pattern = new RegExp(
      `(?:from|import|import\\()\\s*"${name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}(?:/[^"]*)?"`,
    );
    return sources.some((source) => pattern.test(source));
  };
  return Object.fromEntries(Object.entries(imports).filter(([name]) => isUsed(name)));
}

/**
 * The part of a lock file that is about some packages, with their pinned digests.
 *
 * @param text The whole lock file.
 * @param imports The packages.
 * @returns The lock file for them alone.
 * @throws {Error} When one of them needs another package: this list then has to grow on purpose.
 */
export function lockFor(text: string, imports: Imports): string {
  const lock: Lock = JSON.parse(text);
  const specifiers: Record<string, string> = {};
  const npm: Record<string, { integrity: string }> = {};
  for (const specifier of Object.values(imports)) {
    const resolved = lock.specifiers[specifier];
    if (resolved === undefined) throw new Error(`deno.lock does not know ${specifier}`);
    const name = specifier.slice("npm:".length, specifier.lastIndexOf("@"));
    // What follows the version are the peers it was resolved with, here tools of the tests.
    const version = resolved.split("_", 1)[0]!;
    const entry = lock.npm[`${name}@${resolved}`]!;
    const needed = (entry.dependencies ?? []).filter((other) => !resolved.includes(`_${other}@`));
    if (needed.length > 0) throw new Error(`${specifier} depends on ${needed.join(", ")}`);
    specifiers[specifier] = version;
    npm[`${name}@${version}`] = { integrity: entry.integrity };
  }
  const workspace = { dependencies: Object.values(imports).toSorted() };
  return JSON.stringify({ version: lock.version, specifiers, npm, workspace }, undefined, 2) + "\n";
}
