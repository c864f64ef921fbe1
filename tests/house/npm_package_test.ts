import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { posix } from "node:path";
import { buildNpmPackage } from "../../scripts/npm.ts";
import { ROOT } from "./module_graph.ts";

let folder: string;
let files: string[];
let manifest: Manifest;

/** The parts of `package.json` that are looked at. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: unknown;
  readonly scripts?: unknown;
}

before(async () => {
  folder = await Deno.makeTempDir({ prefix: "npm-package-" });
  files = await buildNpmPackage(folder);
  manifest = JSON.parse(await read("package.json"));
});

after(() => Deno.remove(folder, { recursive: true }));

test("the npm package has the name, version and entry points of deno.json, with their types", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assert.equal(manifest.name, config.name);
  assert.equal(manifest.version, config.version);
  assert.deepEqual(Object.keys(manifest.exports).sort(), Object.keys(config.exports).sort());
  for (const targets of Object.values(manifest.exports)) {
    for (const condition of ["types", "import"]) {
      assert.ok(hasFile(targets[condition]), `${targets[condition]}`);
    }
  }
});

test("the npm package is for Node 20 and depends on what the library loads, on nothing else", () => {
  assert.equal(manifest.type, "module");
  assert.equal(manifest.engines["node"], ">=20");
  assert.deepEqual(Object.keys(manifest.dependencies).sort(), ["verkit"]);
  assert.deepEqual(Object.keys(manifest.peerDependencies), ["openpgp"]);
  assert.deepEqual(manifest.peerDependenciesMeta, { openpgp: { optional: true } });
  assert.equal(manifest.scripts, undefined);
});

test("the npm package brings its licence and its guide, and no sources that npm users cannot run", () => {
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md"]) assert.ok(hasFile(name), name);
  assert.deepEqual(files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts")), []);
  assert.deepEqual(files.filter((file) => /^src\/(cli|config|service)\//.test(file)), []);
});

test("every module of the npm package finds the modules it imports", async () => {
  for (const file of files.filter((file) => /\.(js|d\.ts)$/.test(file))) {
    const code = (await read(file)).replaceAll(/\/\*[\s\S]*?\*\//g, "");
    for (const [, specifier] of code.matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g)) {
      const target = posix.join(posix.dirname(file), specifier ?? "");
      assert.ok(hasFile(target) || hasFile(target.replace(/\.js$/, ".d.ts")), `${file} imports ${specifier}`);
    }
  }
});

test("the npm package holds no path of the machine that built it and no source map", async () => {
  for (const file of files) {
    const text = await read(file);
    assert.ok(!text.includes(ROOT.pathname), file);
    assert.doesNotMatch(text, /sourceMappingURL/, file);
  }
});

function hasFile(path: string | undefined): boolean {
  return path !== undefined && files.includes(posix.normalize(path));
}

async function read(file: string): Promise<string> {
  return await Deno.readTextFile(`${folder}/${file}`);
}
