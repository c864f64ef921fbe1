/**
 * What it costs to import the library: bytes, minified with all dependencies, and milliseconds at the start of Deno.
 *
 * @module
 */

import { basename, join } from "node:path";

const ROOT = new URL("../", import.meta.url);
/** What a plain check for updates may load; the budget of the design. */
const BUDGET_BYTES = 60 * 1024;

const folder = await Deno.makeTempDir({ prefix: "import-bench-" });
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
  return Response.json({ latest: { stable: "1.0.0" }, versions: { "1.0.0": {} } });
});
server.unref();
const SOURCE = `http://127.0.0.1:${server.addr.port}/version-manifest.json`;
const CHECK = `await checkForUpdate(${JSON.stringify(SOURCE)}, { currentVersion: "1.0.0" });`;

const CONFIG = ["--config", new URL("deno.json", ROOT).pathname];

const mod = new URL("mod.ts", ROOT).href;
const machine = new URL("machine.ts", ROOT).href;

await printSizes();
await benchStart("nothing", "", { baseline: true });
await benchStart("import machine.ts", `import ${JSON.stringify(machine)};`);
await benchStart("import mod.ts", `import ${JSON.stringify(mod)};`);
await benchStart("checkForUpdate", `import { checkForUpdate } from ${JSON.stringify(mod)};\n${CHECK}`);

async function benchStart(name: string, code: string, { baseline = false } = {}): Promise<void> {
  const file = join(folder, `${name.replaceAll(/\W/g, "_")}.ts`);
  await Deno.writeTextFile(file, code);
  const args = ["run", "--allow-all", "--no-check", ...CONFIG, file];
  Deno.bench({
    name,
    group: "start of Deno",
    baseline,
    n: 30,
    warmup: 5,
    fn: async () => void await deno(args),
  });
}

async function printSizes(): Promise<void> {
  const check = await bundle("check", `export { checkForUpdate } from "${mod}";`);
  const checking = report("a check for updates", check, await loadedBy(check, CHECK));
  const library = await bundle("library", `export * from "${mod}";`);
  report("import mod.ts", library, await loadedBy(library, ""));
  report("everything", library, library.sizes.keys());
  const verdict = checking <= BUDGET_BYTES ? "within" : "OVER";
  console.log(`A check is ${verdict} its budget of ${kilobytes(BUDGET_BYTES)}.\n`);
}

interface Bundle {
  readonly folder: string;
  readonly sizes: ReadonlyMap<string, Size>;
}

interface Size {
  readonly bytes: number;
  readonly gzipped: number;
}

/** The bundler leaves out what is not used and splits at dynamic imports; each part notes that it was loaded. */
async function bundle(name: string, code: string): Promise<Bundle> {
  const entry = join(folder, `${name}.ts`), output = join(folder, name);
  await Deno.writeTextFile(entry, code);
  await deno(["bundle", "--quiet", "--minify", "--code-splitting", ...CONFIG, "--outdir", output, entry]);
  const sizes = new Map<string, Size>();
  for await (const { name } of Deno.readDir(output)) {
    const part = await Deno.readTextFile(join(output, name));
    sizes.set(name, { bytes: part.length, gzipped: await gzippedSize(part) });
    await Deno.writeTextFile(join(output, name), `globalThis.loaded.push(${JSON.stringify(name)});${part}`);
  }
  return { folder: output, sizes };
}

async function loadedBy({ folder }: Bundle, code: string): Promise<string[]> {
  const entry = `./${basename(folder)}.js`;
  const driver = join(folder, "driver.mjs");
  await Deno.writeTextFile(
    driver,
    `globalThis.loaded = []; const { checkForUpdate } = await import("${entry}"); ${code}
    console.log(JSON.stringify(globalThis.loaded));`,
  );
  return JSON.parse(await deno(["run", "--allow-all", "--no-config", driver]));
}

function report(what: string, { sizes }: Bundle, names: Iterable<string>): number {
  let bytes = 0, gzipped = 0;
  for (const name of names) {
    bytes += sizes.get(name)?.bytes ?? 0;
    gzipped += sizes.get(name)?.gzipped ?? 0;
  }
  console.log(`${what.padEnd(20)} ${kilobytes(bytes)} minified, ${kilobytes(gzipped)} gzipped`);
  return bytes;
}

async function gzippedSize(code: string): Promise<number> {
  const stream = new Blob([code]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).bytes()).length;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1).padStart(6)} KB`;
}

async function deno(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args] }).output();
  if (!success) throw new Error(`deno ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
