import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemRuntime, targetName } from "../../mod.ts";
import { signManifest, testKey } from "../support/signed_release.ts";
import { tarGz, utf8 } from "../support/tar_archive.ts";
import { codeBlocks, markdownFiles } from "./markdown.ts";
import { ROOT } from "./module_graph.ts";

/**
 * The examples of the guides run as they are, but for what a reader would put in as well: the address of the manifest,
 * the key, and somebody who says yes. The program that updates itself is a copy of this Deno.
 */
const ADDRESS = "https://example.com/version-manifest.json";
const KEY = /RW[\w+/]{54}/;
const SAYS_YES = "globalThis.confirm = () => true;\n";

const NEW_EXECUTABLE = utf8("#!/bin/sh\necho app 1.5.0\n");
const skip = Deno.build.os === "windows" ? "the new version is a shell script" : false;

for (const { path, text } of await markdownFiles()) {
  for (const [index, code] of codeBlocks(text, "ts run").entries()) {
    test(`${path}: example ${index + 1} updates the program that runs it`, { skip }, async () => {
      await using publisher = await publish();
      await using program = await install(`${SAYS_YES}${fillIn(code, publisher)}`);
      const { output, success } = await program.run();
      assert.ok(success, output);
      assert.match(output, /^Updated to 1\.5\.0; restart to use it\.$/m);
      assert.deepEqual(await Deno.readFile(program.executable), NEW_EXECUTABLE);
    });
  }
}

test("an example that is run is there", async () => {
  const readme = (await markdownFiles()).find(({ path }) => path === "README.md");
  assert.ok(codeBlocks(readme?.text ?? "", "ts run").length > 0);
});

interface Publisher extends AsyncDisposable {
  readonly address: string;
  readonly key: string;
}

async function publish(): Promise<Publisher> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const file = files.get(new URL(url).pathname);
    return new Response(file ?? null, { status: file ? 200 : 404 });
  });
  const root = `http://127.0.0.1:${server.addr.port}`;
  const key = await testKey(1);
  const archive = tarGz({ name: "app", content: NEW_EXECUTABLE, mode: 0o755 });
  const manifest = await manifestFor(`${root}/app.tar.gz`, archive);
  const { bytes, signature } = await signManifest(manifest, [key]);
  files.set("/app.tar.gz", archive);
  files.set("/version-manifest.json", new Uint8Array(bytes));
  files.set("/version-manifest.json.minisig", new Uint8Array(signature ?? []));
  return {
    address: `${root}/version-manifest.json`,
    key: key.publicKey.text,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function manifestFor(url: string, archive: Uint8Array<ArrayBuffer>): Promise<string> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  const day = 24 * 60 * 60 * 1000;
  return JSON.stringify({
    schema: 1,
    app: "app",
    sequence: 1,
    issued: new Date(Date.now() - day).toISOString(),
    expires: new Date(Date.now() + day).toISOString(),
    latest: { stable: "1.5.0" },
    versions: {
      "1.5.0": { platforms: { [targetName(systemRuntime())]: { url, sha256, size: archive.length } } },
    },
  });
}

function fillIn(code: string, { address, key }: Publisher): string {
  assert.ok(code.includes(ADDRESS) && KEY.test(code), "the example has lost its address or its key");
  return code.replace(ADDRESS, address).replace(KEY, key);
}

interface Program extends AsyncDisposable {
  readonly executable: string;
  run(): Promise<{ output: string; success: boolean }>;
}

/** Inside the project, where `@cco/updater` is the project itself. */
async function install(code: string): Promise<Program> {
  await Deno.mkdir(new URL(".cache/", ROOT), { recursive: true });
  const folder = await Deno.makeTempDir({ dir: new URL(".cache/", ROOT).pathname, prefix: "example-" });
  const executable = join(folder, "app");
  await Deno.writeTextFile(join(folder, "example.ts"), code);
  await Deno.copyFile(Deno.execPath(), executable);
  const command = new Deno.Command(executable, {
    args: ["run", "--allow-all", "--quiet", "example.ts"],
    cwd: folder,
    env: { XDG_STATE_HOME: join(folder, "state"), NO_COLOR: "1" },
  });
  return {
    executable,
    async run() {
      const { success, stdout, stderr } = await command.output();
      return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
