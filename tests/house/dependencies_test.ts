import { test } from "node:test";
import assert from "node:assert/strict";
import { moduleGraph, type Package, ROOT } from "./module_graph.ts";

/**
 * Every package that reaches a user, with its licence. A new line here is a decision: few, well kept, without install
 * scripts, from the npm registry, each behind one module of ours.
 */
const ALLOWED: Readonly<Record<string, string>> = {
  "@decimalturn/toml-patch": "MIT",
  "smol-toml": "BSD-3-Clause",
  "verkit": "MIT",
};

/** What the library alone loads. */
const ALLOWED_IN_LIBRARY = ["verkit"];

const library = await moduleGraph("mod.ts");
const everything = await moduleGraph("mod.ts", "cli.ts");

test("the library's run-time dependencies are the allowed ones, transitive ones included (T36)", () => {
  assert.deepEqual(namesOf(library.packages), ALLOWED_IN_LIBRARY);
});

test("the run-time dependencies of library and CLI are the allowed ones, transitive ones included", () => {
  assert.deepEqual(namesOf(everything.packages), Object.keys(ALLOWED).sort());
});

test("openpgp is loaded by its own entry point, after a signature was found, and by nothing else", async () => {
  const { packages } = await moduleGraph("src/openpgp/mod.ts");
  assert.deepEqual(namesOf(packages), ["openpgp"]);
  const { scripts = {}, dependencies = {}, license } = JSON.parse(
    await Deno.readTextFile(`${packages[0]!.path}/package.json`),
  );
  assert.deepEqual([scripts["preinstall"], scripts["install"], scripts["postinstall"]], [
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual([dependencies, license], [{}, "LGPL-3.0+"]);
});

for (const { name, version, path } of everything.packages) {
  test(`${name} ${version} runs no script when it is installed and has the licence that was read`, async () => {
    const { scripts = {}, license, gypfile } = JSON.parse(await Deno.readTextFile(`${path}/package.json`));
    for (const hook of ["preinstall", "install", "postinstall"]) assert.equal(scripts[hook], undefined);
    assert.equal(gypfile, undefined);
    assert.equal(license, ALLOWED[name]);
  });
}

test("deno.json names exact versions only, all from npm", async () => {
  const { imports } = JSON.parse(await read("deno.json"));
  for (const specifier of Object.values(imports)) {
    assert.match(String(specifier), /^npm:(@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+$/);
  }
});

test("deno.lock holds a digest for every package and names no host that served it", async () => {
  const text = await read("deno.lock");
  assert.doesNotMatch(text, /https?:|tarball|registry/);
  const lock: { npm: Record<string, { integrity: string }> } = JSON.parse(text);
  for (const [name, { integrity }] of Object.entries(lock.npm)) assert.match(integrity, /^sha512-/, name);
  for (const { name, version } of everything.packages) {
    assert.ok(Object.keys(lock.npm).some((id) => id.startsWith(`${name}@${version}`)), `${name}@${version}`);
  }
});

function namesOf(packages: readonly Package[]): string[] {
  return [...new Set(packages.map(({ name }) => name))].sort();
}

async function read(file: string): Promise<string> {
  return await Deno.readTextFile(new URL(file, ROOT));
}
