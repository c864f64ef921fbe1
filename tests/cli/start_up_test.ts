/** What is loaded at start: libraries only by the command that needs them. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { moduleGraph } from "../house/module_graph.ts";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Everything that is loaded when a file is: its static imports and theirs. */
async function loadedBy(file: string): Promise<string[]> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["info", "--json", file], {
    cwd: root,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { modules, roots } = JSON.parse(stdout) as { modules: Module[]; roots: string[] };
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  const visit = (specifier: string): void => {
    if (loaded.has(specifier)) return;
    loaded.add(specifier);
    for (const { code, isDynamic, specifier: name } of byName.get(specifier)?.dependencies ?? []) {
      if (isDynamic) continue;
      if (code?.specifier !== undefined) visit(code.specifier);
      else if (/^(?:node|npm):/.test(name)) loaded.add(name);
    }
  };
  roots.forEach(visit);
  return [...loaded].map((specifier) => specifier.replace(/^.*\/(?=(?:src|mod|cli|machine)[/.])/, "")).sort();
}

test("cco --version loads nothing but the entry", async () => {
  assert.deepEqual(await loadedBy("cli.ts"), ["cli.ts"]);
});

const light = [
  "src/cli/run_cli.ts",
  "src/cli/console.ts",
  "src/cli/version.ts",
  "src/cli/config_get.ts",
  "src/config/load_settings.ts",
];

for (const file of light) {
  test(`${file} loads no updater, no package and no built-in module at start`, async () => {
    const heavy = (await loadedBy(file)).filter((name) =>
      name === "mod.ts" || /^(?:npm|node):|node_modules|valibot|verkit|toml-patch|smol-toml/.test(name)
    );
    assert.deepEqual(heavy, []);
  });
}

test("no command loads the library, a package or a built-in module before it has begun", async () => {
  const { modules } = await moduleGraph("cli.ts");
  const reached = (file: string, seen: Set<string>): Set<string> => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const { to, dynamic } of modules.get(file) ?? []) if (!dynamic) reached(to, seen);
    return seen;
  };
  const tables = [...modules.keys()].filter((file) => /^src\/cli\/(?:\w+_)?commands\.ts$/.test(file));
  const commands = tables.flatMap((table) => (modules.get(table) ?? []).filter(({ dynamic }) => dynamic));
  assert(commands.length > 20, `${commands.length} commands`);
  for (const { to } of commands) {
    const heavy = [...reached(to, new Set())].filter((file) =>
      /^(?:mod\.ts|src\/publish\/mod\.ts|npm:|node:)|node_modules/.test(file)
    );
    assert.deepEqual(heavy, [], to);
  }
});
