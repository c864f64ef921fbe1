/** A publisher and a client, both compiled: from an empty folder to an update, and what minisign says of it. */

import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { Home } from "../../scripts/demo/home.ts";
import type { Version } from "../../scripts/demo/release.ts";
import { type ReleaseServer, startReleaseServer } from "../../scripts/demo/release_server.ts";
import { secretKeyFile } from "../../src/minisign_key_file.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { executableOf, homeWith, NEW, OLD, versions } from "../support/deno/published.ts";

const skipped = await missing("minisign") ? { skip: "minisign is not installed" } : {};

test("a compiled cco publishes two versions of itself, and the older one installs the newer", async (t) => {
  const [old, newer] = await versions();
  const desk = await Home.make({ CCO_RELEASE_KEY: await secretKeyFile(RELEASE_KEY) });
  t.after(() => desk[Symbol.asyncDispose]());
  await desk.install(executableOf(old).path);
  const release = (words: string) => publisher(desk, words);

  await release(`keygen ${desk.folder}/root.key --no-password`);
  const root = `--root-key-file ${desk.folder}/root.key`;
  await release(`init ${folderOf(desk)} ${root} --key-env CCO_RELEASE_KEY`);
  const publishing = `--folder ${folderOf(desk)} --key-env CCO_RELEASE_KEY`;
  for (const version of [old, newer]) {
    await release(`add ${version.version} --from ${dirname(archiveOf(version))} ${publishing}`);
  }
  await release(`promote ${NEW} --channel stable ${publishing}`);
  const verify = `verify --folder ${folderOf(desk)} --executable ${executableOf(newer).path}`;
  assert.match(await release(verify), new RegExp(`✓ The executable is ${NEW.replaceAll(".", "\\.")} for `));
  assert.match(await release(`lint --folder ${folderOf(desk)}`), /^✅ Nothing to mend\n$/);

  await using server = await serve(desk, [old, newer]);
  const client = await homeWith(server);
  t.after(() => client[Symbol.asyncDispose]());
  await client.install(executableOf(old).path);
  const update = await client.run("update", "--yes");
  assert.equal(update.code, 0, update.stderr);
  assert.match(update.stdout, /✓ Signature verified\n/);
  assert.equal(await fileDigest(client.executable), executableOf(newer).sha256);
  assert.equal((await client.run("--version")).stdout, `cco ${NEW}\n`);

  await release(`yank ${NEW} --reason broken ${publishing}`);
  const back = await client.run("update", "--check", "--json");
  assert.equal(JSON.parse(back.stdout).update.version, OLD);
});

test("minisign and a compiled cco understand each other's keys and signatures", skipped, async (t) => {
  const [old] = await versions();
  const desk = await Home.make();
  t.after(() => desk[Symbol.asyncDispose]());
  await desk.install(executableOf(old).path);
  const at = (name: string) => join(desk.folder, name);
  const minisign = (words: string) => run("minisign", words.split(" "), desk.env);
  await minisign(`-G -W -p ${at("theirs.pub")} -s ${at("theirs.key")}`);
  await publisher(desk, `keygen ${at("ours.key")} --no-password`);

  const keys = `--root-key-file ${at("ours.key")} --key-file ${at("theirs.key")}`;
  await publisher(desk, `init ${folderOf(desk)} ${keys}`);
  await publisher(desk, `refresh --folder ${folderOf(desk)} --key-file ${at("theirs.key")}`);
  await publisher(desk, `sign ${at("theirs.pub")} --key-file ${at("ours.key")}`);

  const manifest = join(folderOf(desk), "version-manifest.json");
  const { sequence, expires } = JSON.parse(await Deno.readTextFile(manifest));
  const signed: [file: string, key: string, comment: string][] = [
    [manifest, "theirs.pub", `cco-manifest/1 cco seq=${sequence} expires=${expires}`],
    [join(folderOf(desk), "1.root.json"), "ours.key.pub", "cco-root/1 cco 1"],
    [at("theirs.pub"), "ours.key.pub", "cco-file/1 cco theirs.pub"],
  ];
  for (const [file, key, comment] of signed) {
    assert.equal(await minisign(`-V -Q -p ${at(key)} -m ${file}`), `${comment}\n`);
  }

  // The other way: a signature that minisign has made over the manifest counts for cco.
  await Deno.remove(`${manifest}.minisig`);
  const words = `-S -s ${at("theirs.key")} -m ${manifest} -t`.split(" ");
  await run("minisign", [...words, signed[0]![2]], desk.env);
  assert.match(await publisher(desk, `verify --folder ${folderOf(desk)}`), /^✅ Signature verified: by /);
});

async function publisher(desk: Home, words: string): Promise<string> {
  const { code, stdout, stderr } = await desk.run("release", ...words.split(" "));
  assert.equal(code, 0, `cco release ${words}: ${stderr}`);
  return stdout;
}

async function serve(desk: Home, releases: readonly Version[]): Promise<ReleaseServer> {
  const server = startReleaseServer();
  for await (const { name, isFile } of Deno.readDir(folderOf(desk))) {
    if (isFile) server.files.set(name, join(folderOf(desk), name));
  }
  for (const path of releases.map(archiveOf)) server.files.set(basename(path), path);
  return server;
}

function folderOf(desk: Home): string {
  return join(desk.folder, "releases");
}

function archiveOf({ compiled }: Version): string {
  return compiled[0]!.archive.path;
}

async function run(command: string, args: string[], env: Record<string, string>): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env, clearEnv: true }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

async function missing(command: string): Promise<boolean> {
  try {
    await new Deno.Command(command, { args: ["-v"], stdout: "null", stderr: "null" }).output();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
