import { test } from "node:test";
import assert from "node:assert/strict";
import plugin from "../../scripts/lint_plugin.ts";
import { MAX_FILE_LINES } from "../../scripts/lint/borders.ts";
import { LAYERS } from "../../scripts/lint/layers.ts";

interface Row {
  readonly path: string;
  readonly code: string;
  readonly says?: RegExp;
}

const LAYERS_ROWS: readonly Row[] = [
  { path: "src/errors.ts", code: `import { CHUNK } from "./limits.ts";` },
  {
    path: "src/errors.ts",
    code: `import { x } from "./version.ts";`,
    says: /\(vocabulary\) must not see.*\(pure\)/,
  },
  { path: "src/errors.ts", code: `import type { X } from "./version.ts";`, says: /must not see/ },
  { path: "src/manifest.ts", code: `import { x } from "./version.ts"; import { y } from "./limits.ts";` },
  {
    path: "src/manifest.ts",
    code: `import { x } from "./http.ts";`,
    says: /\(pure\) must not see.*\(disk and wire\)/,
  },
  { path: "src/archive/tar.ts", code: `import { x } from "../delta.ts";` },
  { path: "src/archive_tar.ts", code: `import("./journal.ts");`, says: /must not see/ },
  { path: "src/resume.ts", code: `import { request } from "./http.ts";` },
  { path: "src/http.ts", code: `export { x } from "./rollback.ts";`, says: /must not see/ },
  { path: "src/http.ts", code: `export * from "./runtime/deno.ts";`, says: /must not see.*\(runtimes\)/ },
  { path: "src/http.ts", code: `import type { Fetch } from "./runtime/types.ts";` },
  { path: "src/replace/strategy.ts", code: `import { posix } from "./posix.ts"; import("./windows.ts");` },
  {
    path: "src/replace/posix.ts",
    code: `import { x } from "./windows.ts";`,
    says: /posix\.ts must not see .*windows\.ts/,
  },
  {
    path: "src/replace/windows_sweep.ts",
    code: `import type { X } from "./posix.ts";`,
    says: /must not see/,
  },
  { path: "src/rollback.ts", code: `import { x } from "./recover.ts";`, says: /may import only types/ },
  { path: "src/rollback.ts", code: `import type { X } from "./recover.ts";` },
  { path: "src/rollback.ts", code: `let x: import("./recover.ts").X;` },
  { path: "src/rollback.ts", code: `import { systemRuntime } from "./runtime/default.ts";` },
  { path: "src/rollback.ts", code: `import { x } from "./runtime/node.ts";`, says: /must not see/ },
  {
    path: "src/self_update.ts",
    code: `import { rollback } from "./rollback.ts"; import { x } from "./choose.ts";`,
  },
  { path: "src/self_update.ts", code: `import { x } from "./journal.ts";`, says: /may import only types/ },
  { path: "src/runtime/deno.ts", code: `import { FileError } from "../errors.ts";` },
  { path: "src/runtime/deno.ts", code: `import { x } from "../digest.ts";`, says: /must not see/ },
  { path: "src/runtime/default.ts", code: `import("./node.ts");` },
  {
    path: "src/config/layers.ts",
    code: `import { x } from "../../mod.ts"; import { y } from "./schema.ts";`,
  },
  {
    path: "src/config/layers.ts",
    code: `import { x } from "../service/health.ts";`,
    says: /may import only types/,
  },
  { path: "src/config/layers.ts", code: `import { x } from "../http.ts";`, says: /must not see/ },
  { path: "src/cli/update.ts", code: `import { x } from "../../mod.ts"; import("../config/state.ts");` },
  { path: "src/cli/update.ts", code: `import { x } from "../self_update.ts";`, says: /\(cli\) must not see/ },
  { path: "cli.ts", code: `import { main } from "./src/cli/main.ts";` },
  { path: "cli.ts", code: `import { x } from "./src/http.ts";`, says: /must not see/ },
  { path: "mod.ts", code: `export { x } from "./src/self_update.ts";` },
  {
    path: "mod.ts",
    code: `export { x } from "./src/testing/mod.ts";`,
    says: /\(public\) must not see.*\(testing\)/,
  },
  { path: "src/http.ts", code: `import { x } from "../tests/support/server.ts";`, says: /it has no layer/ },
  { path: "src/http.ts", code: `import(name);`, says: /computed/ },
  { path: "src/novelty.ts", code: `export const x = 1;`, says: /Cannot place src\/novelty\.ts/ },
  { path: "tests/http_test.ts", code: `import { x } from "../src/http.ts";` },
];

const START_UP_ROWS: readonly Row[] = [
  { path: "src/digest.ts", code: `const { createHash } = await import("node:crypto");` },
  { path: "src/digest.ts", code: `import type { Hash } from "node:crypto";` },
  {
    path: "src/digest.ts",
    code: `import { createHash } from "node:crypto";`,
    says: /node:crypto is paid for at every start/,
  },
  { path: "mod.ts", code: `export * from "node:path";`, says: /paid for/ },
  { path: "src/runtime/node/files.ts", code: `import fs from "node:fs"; import { x } from "./stat.ts";` },
  { path: "src/runtime/node.ts", code: `import fs from "node:fs";`, says: /paid for/ },
  {
    path: "src/runtime/node.ts",
    code: `import { files } from "./node/files.ts";`,
    says: /loads its node: modules/,
  },
  {
    path: "src/runtime/node.ts",
    code: `import type { Files } from "./node/files.ts"; await import("./node/files.ts");`,
  },
  { path: "src/runtime/deno.ts", code: `import fs from "node:fs";`, says: /paid for/ },
  { path: "src/testing/server.ts", code: `import http from "node:http";` },
];

const PACKAGES_ROWS: readonly Row[] = [
  { path: "src/version.ts", code: `import { compare } from "verkit/version";` },
  { path: "src/version.ts", code: `import { x } from "npm:verkit@1";` },
  {
    path: "src/manifest.ts",
    code: `import { compare } from "verkit/version";`,
    says: /verkit: it is imported only in version/,
  },
  { path: "src/config/edit.ts", code: `await import("@decimalturn/toml-patch");` },
  { path: "src/http.ts", code: `import got from "got";`, says: /package got: it is imported nowhere/ },
  { path: "src/version.ts", code: `import semver from "semver";`, says: /nowhere/ },
  { path: "tests/version_test.ts", code: `import semver from "semver";` },
];

const AMBIENT_ROWS: readonly Row[] = [
  { path: "src/http.ts", code: `await fetch(url);`, says: /runtime\.fetch stands for it/ },
  { path: "src/http.ts", code: `await globalThis.fetch(url);`, says: /runtime\.fetch/ },
  { path: "src/http.ts", code: `await runtime.fetch(url);` },
  { path: "src/http.ts", code: `const { fetch } = runtime; await fetch(url);` },
  { path: "src/http.ts", code: `function get(fetch: Fetch) { return fetch("x"); }` },
  { path: "src/http.ts", code: `interface Ports { fetch: Fetch; fetch(url: string): void }` },
  { path: "src/http.ts", code: `type Fetch = typeof fetch;` },
  { path: "src/http.ts", code: `const ports = { fetch };`, says: /fetch is not used here/ },
  { path: "src/http.ts", code: `const ports = { fetch: mine };` },
  { path: "src/trust.ts", code: `const now = Date.now();`, says: /Date\.now.*runtime\.now/ },
  { path: "src/trust.ts", code: `const now = new Date();`, says: /new Date.*runtime\.now/ },
  { path: "src/trust.ts", code: `const issued = new Date(text).getTime();` },
  { path: "src/trust.ts", code: `crypto.getRandomValues(bytes);`, says: /runtime\.random/ },
  { path: "src/trust.ts", code: `await crypto.subtle.verify(a, b, c, d);` },
  { path: "src/self_update.ts", code: `console.log("done");`, says: /console is not used here/ },
  { path: "src/self_update.ts", code: `setTimeout(done, 1);`, says: /runtime\.wait/ },
  { path: "src/self_update.ts", code: `process.exit(1);`, says: /process is not used here/ },
  { path: "src/runtime/node.ts", code: `const now = Date.now(); process.pid; await fetch(url);` },
  { path: "src/runtime/node.ts", code: `Deno.pid;`, says: /Deno is not used here/ },
  { path: "src/runtime/default.ts", code: `const isDeno = "Deno" in globalThis;` },
  {
    path: "src/runtime/default.ts",
    code: `const isDeno = globalThis.Deno !== undefined;`,
    says: /Deno is not used here/,
  },
  { path: "src/runtime/deno.ts", code: `Deno.pid;` },
  { path: "src/cli/update.ts", code: `Deno.exit(1);`, says: /Deno is not used here/ },
  { path: "src/cli/console.ts", code: `Deno.exit(1);` },
  { path: "cli.ts", code: `Deno.args;` },
  { path: "scripts/compile.ts", code: `Deno.args;` },
  { path: "tests/e2e/update_test.ts", code: `Deno.args;` },
  { path: "tests/http_test.ts", code: `Deno.args;`, says: /Deno is not used here/ },
  { path: "tests/http_test.ts", code: `let file: Deno.FsFile;`, says: /Deno is not used here/ },
];

const BOOLEAN_ROWS: readonly Row[] = [
  { path: "src/http.ts", code: `export function get(url: string, options: { force?: boolean }) {}` },
  {
    path: "src/http.ts",
    code: `export function get(url: string, force: boolean) {}`,
    says: /belongs into its options/,
  },
  { path: "src/http.ts", code: `export function get(force = false) {}`, says: /belongs into its options/ },
  {
    path: "src/http.ts",
    code: `export default function get(force?: boolean) {}`,
    says: /belongs into its options/,
  },
  { path: "src/http.ts", code: `function get(force: boolean) {}` },
  { path: "tests/support/server.ts", code: `export function serve(force: boolean) {}` },
];

const LENGTH_ROWS: readonly Row[] = [
  { path: "src/http.ts", code: "// line\n".repeat(MAX_FILE_LINES) },
  { path: "src/http.ts", code: "// line\n".repeat(MAX_FILE_LINES + 1), says: /has 251 lines/ },
  { path: "tests/http_test.ts", code: "// line\n".repeat(MAX_FILE_LINES + 1) },
];

const SYNTAX_ROWS: readonly Row[] = [
  { path: "src/http.ts", code: `const file = open(); let other;` },
  { path: "src/http.ts", code: `using file = open();`, says: /Node 20 cannot read using/ },
  {
    path: "tests/http_test.ts",
    code: `await using server = serve();`,
    says: /Node 20 cannot read await using/,
  },
  { path: "tests/e2e/update_test.ts", code: `await using server = serve();` },
  { path: "src/runtime/deno.ts", code: `using file = Deno.openSync("x");` },
];

const TABLES: Readonly<Record<string, readonly Row[]>> = {
  "ambient": AMBIENT_ROWS,
  "boolean-parameter": BOOLEAN_ROWS,
  "file-length": LENGTH_ROWS,
  "layers": LAYERS_ROWS,
  "packages": PACKAGES_ROWS,
  "portable-syntax": SYNTAX_ROWS,
  "start-up": START_UP_ROWS,
};

for (const [rule, rows] of Object.entries(TABLES)) {
  for (const { path, code, says } of rows) {
    const snippet = code.length > 90 ? `${code.length} characters` : code;
    test(`house/${rule} ${says ? "refuses" : "accepts"} ${path}: ${snippet}`, () => {
      const found = Deno.lint.runPlugin(plugin, path, code).filter(({ id }) => id === `house/${rule}`);
      if (says === undefined) return assert.deepEqual(found, []);
      assert.equal(found.length, 1, JSON.stringify(found));
      assert.match(found[0]?.message ?? "", says);
    });
  }
}

test("every rule of the plugin has snippets that it accepts and snippets that it refuses", () => {
  assert.deepEqual(Object.keys(TABLES).sort(), Object.keys(plugin.rules).sort());
  for (const rows of Object.values(TABLES)) {
    assert.ok(rows.some(({ says }) => says === undefined));
    assert.ok(rows.some(({ says }) => says !== undefined));
  }
});

test("an absolute path counts from the root of the project", () => {
  const file = new URL("../../src/novelty.ts", import.meta.url).pathname;
  const found = Deno.lint.runPlugin(plugin, file, "export {};");
  assert.match(found[0]?.message ?? "", /Cannot place src\/novelty\.ts/);
});

test("layers look only down: what a layer uses stands above it in the table, or is the layer itself", () => {
  const order = LAYERS.map(({ name }) => name);
  for (const { name, uses } of LAYERS) {
    for (const used of uses) assert.ok(order.indexOf(used) <= order.indexOf(name), `${name} uses ${used}`);
  }
});
