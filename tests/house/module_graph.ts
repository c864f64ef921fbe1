/** The modules of the project as Deno resolves them. */
export interface ModuleGraph {
  /** Every local module, by its path from the root of the project. */
  readonly modules: ReadonlyMap<string, readonly Edge[]>;
  /** Every npm package, transitive ones included. */
  readonly packages: readonly Package[];
}

/** One import of a module. */
export interface Edge {
  /** The imported module's path from the root, or its specifier when it is not a file of the project. */
  readonly to: string;
  /** Whether it is imported when it is first used, not at start. */
  readonly dynamic: boolean;
}

/** An npm package in Deno's cache. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** What `deno info --json` prints, as far as it is used here. */
interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly Dependency[];
  }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

/** `deno info` lists all packages of the lock file, needed or not. */
interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly localPath: string;
  readonly dependencies: readonly string[];
}

/** The root of the project. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Reads what `entries` reach; imports of types only do not count. */
export async function moduleGraph(...entries: readonly string[]): Promise<ModuleGraph> {
  const infos = await Promise.all(entries.map((entry) => infoOf(entry)));
  const modules = new Map<string, readonly Edge[]>();
  for (const { specifier, error, dependencies = [] } of infos.flatMap((info) => info.modules)) {
    if (error !== undefined) throw new Error(error);
    if (specifier.startsWith(ROOT.href)) modules.set(pathOf(specifier), dependencies.flatMap(edgeOf));
  }
  const packages = new Map<string, Package>();
  const known = Object.assign({}, ...infos.map(({ npmPackages }) => npmPackages));
  for (const { to } of [...modules.values()].flat()) addPackage(to.replace(/^npm:\/?/, ""), known, packages);
  return { modules, packages: [...packages.values()] };
}

function addPackage(id: string, known: Info["npmPackages"], packages: Map<string, Package>): void {
  // The lock file appends the peers a package was given: `valibot@1.5.0_typescript@5.9.3`.
  const key = Object.keys(known).find((candidate) =>
    id === candidate || id.startsWith(`${candidate.split("_")[0]}/`) || candidate.startsWith(`${id}_`)
  );
  const found = key === undefined ? undefined : known[key];
  if (key === undefined || found === undefined || packages.has(key)) return;
  packages.set(key, { name: found.name, version: found.version, path: found.localPath });
  for (const dependency of found.dependencies) addPackage(dependency, known, packages);
}

async function infoOf(entry: string): Promise<Info> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function edgeOf({ specifier, code, isDynamic = false }: Dependency): Edge[] {
  if (code === undefined) return [];
  return [{ to: pathOf(code.specifier ?? specifier), dynamic: isDynamic }];
}

function pathOf(specifier: string): string {
  return specifier.startsWith(ROOT.href) ? specifier.slice(ROOT.href.length) : specifier;
}
