import { test } from "node:test";
import assert from "node:assert/strict";
import { type Edge, moduleGraph } from "./module_graph.ts";

const { modules } = await moduleGraph("mod.ts", "cli.ts", "src/testing/mod.ts");

test("no two modules need each other to be loaded", () => {
  assert.deepEqual(cycle(modules), undefined);
});

test("importing the library loads no node: module", () => {
  const built = [...loadedBy("mod.ts")].filter((path) => path.startsWith("node:"));
  assert.deepEqual(built, []);
});

test("importing the library loads neither the CLI, its settings, the service nor the publisher's tools", () => {
  const strays = [...loadedBy("mod.ts")].filter((path) =>
    /^src\/(cli|config|service|publish|testing)\//.test(path)
  );
  assert.deepEqual(strays, []);
});

test("cycle() finds a cycle and names its modules in order", () => {
  const edge = (to: string): Edge => ({ to, dynamic: false });
  const graph = new Map([["a", [edge("b")]], ["b", [edge("c"), edge("d")]], ["c", []], ["d", [edge("b")]]]);
  assert.deepEqual(cycle(graph), ["b", "d", "b"]);
});

/** Everything that is loaded together with `entry`. */
function loadedBy(entry: string, loaded: Set<string> = new Set()): Set<string> {
  if (loaded.has(entry)) return loaded;
  loaded.add(entry);
  for (const { to, dynamic } of modules.get(entry) ?? []) if (!dynamic) loadedBy(to, loaded);
  return loaded;
}

function cycle(graph: ReadonlyMap<string, readonly Edge[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const { to, dynamic } of graph.get(path) ?? []) {
      const found = dynamic ? undefined : visit(to, [...above, path]);
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
