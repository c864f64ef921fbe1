/**
 * What is loaded together, gathered in one file.
 *
 * The bundler makes a file for each set of modules that the same entries need, and every `import()` makes an entry: what
 * `cco update --check` loads came in 42 files, which took 1 ms more than 10 do. Here every entry that needs something of
 * a group is made to need all of it, so that a group has the same entries throughout and becomes one file. An entry is
 * then a module of its own that imports those groups and the module that was meant; in the program's modules only the
 * names in `import()` change.
 *
 * @module
 */

import { dirname, join, relative } from "node:path";

/** Modules that are loaded together with all that they import; the later groups rest on the earlier ones. */
export type Groups = readonly (readonly string[])[];

/** What each module imports, by paths from the folder. */
interface Graph {
  readonly now: ReadonlyMap<string, readonly string[]>;
  readonly later: ReadonlyMap<string, readonly string[]>;
}

/**
 * Rewrites the modules of a program so that the bundler puts each group into one file.
 *
 * @param folder The modules; they are changed.
 * @param main The one that starts the program.
 * @param groups The groups; an entry gets the first one in any case, and of the others those it needs something of.
 */
export async function gather(folder: string, main: string, groups: Groups): Promise<void> {
  const graph = await readGraph(folder, main);
  const entries = new Set([...graph.later.values()].flat());
  const parts = partsOf(graph, groups);
  for (const entry of entries) {
    const shared = groupsOf(graph, groups, parts, entry);
    const lines = shared.map((module) => `import ${reference(entry, module)};\n`);
    await Deno.writeTextFile(
      join(folder, entryOf(entry)),
      `${lines.join("")}export * from ${reference(entry, entry)};\n`,
    );
  }
  for (const [module, imported] of graph.later) await redirect(folder, module, imported);
}

/** The groups that an entry needs something of, also by way of another one. */
function groupsOf(graph: Graph, groups: Groups, parts: readonly Set<string>[], entry: string): string[] {
  let needed = loadedBy(graph, [entry]);
  const isNeeded = groups.map(() => true);
  for (let index = groups.length - 1; index > 0; index--) {
    isNeeded[index] = !needed.isDisjointFrom(parts[index]!);
    if (isNeeded[index]) needed = needed.union(loadedBy(graph, groups[index]!));
  }
  return groups.filter((_, index) => isNeeded[index]).flat();
}

/** What each group has that the groups before it have not. */
function partsOf(graph: Graph, groups: Groups): Set<string>[] {
  const before = new Set<string>();
  return groups.map((group) => {
    const part = loadedBy(graph, group).difference(before);
    for (const module of part) before.add(module);
    return part;
  });
}

function loadedBy({ now }: Graph, modules: readonly string[]): Set<string> {
  const loaded = new Set(modules);
  // A set hands out what is added to it meanwhile, too.
  for (const module of loaded) for (const imported of now.get(module) ?? []) loaded.add(imported);
  return loaded;
}

/** Lets `import()` load the entries. */
async function redirect(folder: string, module: string, imported: readonly string[]): Promise<void> {
  const path = join(folder, module);
  let text = await Deno.readTextFile(path);
  for (const entry of imported) {
    text = text.replaceAll(
      `import(${reference(module, entry)})`,
      `import(${reference(module, entryOf(entry))})`,
    );
  }
  await Deno.writeTextFile(path, text);
}

function entryOf(module: string): string {
  return module.replace(/\.ts$/, "_entry.ts");
}

/** A module as another one names it, in quotes. */
function reference(from: string, module: string): string {
  const path = relative(dirname(from), module).replaceAll("\\", "/");
  return JSON.stringify(path.startsWith(".") ? path : `./${path}`);
}

/** What `deno info --json` prints, as far as it is used here. */
interface Info {
  readonly roots: readonly [string];
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
}

async function readGraph(folder: string, main: string): Promise<Graph> {
  const { roots: [root], modules } = await infoOf(folder, main);
  const base = root.slice(0, -main.length);
  const graph = { now: new Map<string, string[]>(), later: new Map<string, string[]>() };
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(base)) continue;
    const module = specifier.slice(base.length);
    const text = await Deno.readTextFile(join(folder, module));
    const own = dependencies.filter(({ code }) => code?.specifier?.startsWith(base));
    // Deno does not tell of a module whose types alone are imported that it is loaded later.
    const { now = [], later = [] } = Object.groupBy(
      own,
      ({ specifier }) => text.includes(`import("${specifier}")`) ? "later" : "now",
    );
    const paths = (imports: typeof own) => imports.map(({ code }) => code!.specifier!.slice(base.length));
    graph.now.set(module, paths(now));
    graph.later.set(module, paths(later));
  }
  return graph;
}

async function infoOf(folder: string, main: string): Promise<Info> {
  const args = ["info", "--json", main];
  const command = new Deno.Command(Deno.execPath(), { args, cwd: folder, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`deno info failed:\n${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
