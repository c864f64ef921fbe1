/** What a compiled `cco` signs and what `minisign` and `openssl` sign: each verifies the other's, with the other's keys. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { Home } from "../../scripts/demo/home.ts";
import { ascii, concatenate } from "../../src/bytes.ts";
import { globalMessage, parseSignatures } from "../../src/minisign.ts";
import { parseSecretKeyFile, publicKeyFile } from "../../src/minisign_key_file.ts";
import { compiledVersion } from "../support/deno/compiled_version.ts";
import { executableOf, OLD } from "../support/deno/published.ts";
import { PKCS8, signingArguments, SPKI, verifyingArguments } from "../support/openssl.ts";
import { missing } from "../transport/support/peers.ts";

const PASSWORD = "pässword ✓";

const minisignTest = { skip: missing("minisign") };
const terminalTest = { skip: missing("minisign", "script") };
const opensslTest = { skip: missing("openssl") };
// Deno does not print why a test is left out.
for (const { skip } of [minisignTest, terminalTest, opensslTest]) if (skip) console.log(`skipped: ${skip}`);

/** A publisher's desk with a compiled `cco`. */
async function openDesk(t: TestContext): Promise<Home> {
  const desk = await Home.make();
  t.after(() => desk[Symbol.asyncDispose]());
  await desk.install(executableOf(await compiledVersion(OLD)).path);
  return desk;
}

async function cco(desk: Home, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await desk.run("release", ...words);
  assert.equal(code, 0, `cco release ${words.join(" ")}: ${stderr}`);
  return stdout;
}

/** Runs `cco release` on a terminal and types a line for each question. */
async function onTerminal(
  desk: Home,
  words: string[],
  typed: [question: string, answer: string][],
): Promise<string> {
  const line = [desk.executable, "release", ...words].map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", line, "/dev/null"],
    env: { ...desk.env, NO_COLOR: "1" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let screen = "", answered = 0;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += chunk;
    const next = typed[answered];
    if (next === undefined || !screen.includes(next[0])) continue;
    answered++;
    await writer.write(new TextEncoder().encode(`${next[1]}\r`));
  }
  await writer.close().catch(() => {});
  const { code } = await child.status;
  assert.equal(code, 0, screen);
  assert.equal(answered, typed.length, screen);
  return screen;
}

async function run(desk: Home, command: string, args: string[], input = ""): Promise<string> {
  const child = new Deno.Command(command, {
    args,
    cwd: desk.folder,
    env: desk.env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assert(success, `${command} ${args.join(" ")}: ${decoder.decode(stderr)}${decoder.decode(stdout)}`);
  return decoder.decode(stdout);
}

function at(desk: Home, name: string): string {
  return join(desk.folder, name);
}

/** Makes a release folder and says what a signature over its manifest must be for. */
async function makeFolder(desk: Home, key: string): Promise<{ manifest: string; comment: string }> {
  await cco(desk, "init", at(desk, "releases"), "--root-key-file", key, "--key-file", key);
  const manifest = at(desk, "releases/version-manifest.json");
  const { sequence, expires } = JSON.parse(await Deno.readTextFile(manifest));
  return { manifest, comment: `cco-manifest/1 cco seq=${sequence} expires=${expires}` };
}

/** What a client says of the folder. */
async function isGood(desk: Home): Promise<boolean> {
  return (await desk.run("release", "verify", "--folder", at(desk, "releases"))).code === 0;
}

for (const algorithm of ["Ed", "ED"]) {
  test(
    `a compiled cco accepts an ${algorithm} signature by minisign, and none after a change`,
    minisignTest,
    async (t) => {
      const desk = await openDesk(t);
      await run(desk, "minisign", [
        "-G",
        "-W",
        "-p",
        "theirs.pub",
        "-s",
        "theirs.key",
        "-c",
        "schlüssel — ✓",
      ]);
      const { manifest, comment } = await makeFolder(desk, at(desk, "theirs.key"));
      await Deno.remove(`${manifest}.minisig`);
      assert(!await isGood(desk));
      const legacy = algorithm === "Ed" ? ["-l"] : [];
      await run(desk, "minisign", [
        "-S",
        ...legacy,
        "-s",
        "theirs.key",
        "-m",
        manifest,
        "-t",
        comment,
        "-c",
        "ünsigned ✓",
      ]);
      const [signature] = parseSignatures(await Deno.readFile(`${manifest}.minisig`));
      assert.equal(signature?.prehashed, algorithm === "ED");
      assert(await isGood(desk));
      await Deno.writeTextFile(manifest, " ", { append: true });
      assert(!await isGood(desk));
    },
  );
}

test(
  "minisign verifies what a compiled cco signs, also of a file whose name is not ASCII",
  minisignTest,
  async (t) => {
    const desk = await openDesk(t);
    await cco(desk, "keygen", at(desk, "ours.key"), "--no-password");
    const verify = ["-V", "-Q", "-p", "ours.key.pub", "-m"];
    const { manifest, comment } = await makeFolder(desk, at(desk, "ours.key"));
    assert.equal(await run(desk, "minisign", [...verify, manifest]), `${comment}\n`);
    const name = "ñandú — 漢字 ✓.tar.gz";
    await Deno.writeFile(at(desk, name), new Uint8Array(100_000).fill(7));
    await cco(desk, "sign", at(desk, name), "--key-file", at(desk, "ours.key"));
    assert.equal(await run(desk, "minisign", [...verify, name]), `cco-file/1 cco ${name}\n`);
    await run(desk, "minisign", ["-S", "-W", "-s", "ours.key", "-m", manifest, "-t", comment]);
    assert(await isGood(desk));
  },
);

test("minisign and a compiled cco open each other's password-protected keys", terminalTest, async (t) => {
  const desk = await openDesk(t);
  const ours = at(desk, "ours.key"), theirs = at(desk, "theirs.key");
  await onTerminal(desk, ["keygen", ours], [["New password of", PASSWORD], ["The same again", PASSWORD]]);
  await run(desk, "minisign", ["-G", "-p", "theirs.pub", "-s", "theirs.key"], `${PASSWORD}\n${PASSWORD}\n`);
  const file = at(desk, "file");
  await Deno.writeTextFile(file, "content");
  await run(desk, "minisign", ["-S", "-s", ours, "-m", file], `${PASSWORD}\n`);
  await run(desk, "minisign", ["-V", "-p", `${ours}.pub`, "-m", file]);
  await Deno.remove(`${file}.minisig`);
  const screen = await onTerminal(desk, ["sign", file, "--key-file", theirs], [["Password of", PASSWORD]]);
  assert(!screen.includes("ssword ✓"), screen);
  assert.equal(
    await run(desk, "minisign", ["-V", "-Q", "-p", "theirs.pub", "-m", file]),
    `cco-file/1 cco ${basename(file)}\n`,
  );
});

test("openssl verifies both signatures of a compiled cco", opensslTest, async (t) => {
  const desk = await openDesk(t);
  await cco(desk, "keygen", at(desk, "ours.key"), "--no-password");
  const ours = await parseSecretKeyFile(await Deno.readTextFile(at(desk, "ours.key")));
  const { manifest } = await makeFolder(desk, at(desk, "ours.key"));
  const [signature] = parseSignatures(await Deno.readFile(`${manifest}.minisig`));
  assert(signature?.prehashed);
  await Deno.writeFile(at(desk, "key.der"), concatenate(SPKI, ours.publicKey.bytes));
  const verify = async (file: string, bytes: Uint8Array) => {
    await Deno.writeFile(at(desk, "signature"), bytes);
    return await run(desk, "openssl", verifyingArguments(file, "key.der"));
  };
  await run(desk, "openssl", ["dgst", "-blake2b512", "-binary", "-out", "digest", manifest]);
  assert.match(await verify("digest", signature.bytes), /Verified Successfully/);
  await Deno.writeFile(at(desk, "global"), globalMessage(signature));
  assert.match(await verify("global", signature.globalBytes), /Verified Successfully/);
  await assert.rejects(verify("global", signature.bytes));
});

for (const algorithm of ["Ed", "ED"]) {
  test(`a compiled cco accepts an ${algorithm} signature that openssl made`, opensslTest, async (t) => {
    const desk = await openDesk(t);
    await cco(desk, "keygen", at(desk, "ours.key"), "--no-password");
    const { seed, publicKey } = await parseSecretKeyFile(await Deno.readTextFile(at(desk, "ours.key")));
    const { manifest, comment } = await makeFolder(desk, at(desk, "ours.key"));
    await Deno.writeFile(at(desk, "secret.der"), concatenate(PKCS8, seed));
    const sign = async (file: string) => {
      await run(desk, "openssl", signingArguments(file, "secret.der"));
      return await Deno.readFile(at(desk, "signature"));
    };
    await run(desk, "openssl", ["dgst", "-blake2b512", "-binary", "-out", "digest", manifest]);
    const bytes = await sign(algorithm === "ED" ? "digest" : manifest);
    await Deno.writeFile(at(desk, "global"), globalMessage({ bytes, trustedComment: comment }));
    const id = Uint8Array.fromHex(publicKey.id).reverse();
    const lines = [
      "untrusted comment: made by openssl",
      concatenate(ascii(algorithm), id, bytes).toBase64(),
      `trusted comment: ${comment}`,
      (await sign("global")).toBase64(),
    ];
    await Deno.writeTextFile(`${manifest}.minisig`, lines.join("\n") + "\n");
    assert(await isGood(desk));
    // The other algorithm's name makes it a signature of something else.
    await Deno.writeTextFile(
      `${manifest}.minisig`,
      lines.with(1, concatenate(ascii(algorithm === "ED" ? "Ed" : "ED"), id, bytes).toBase64()).join("\n") +
        "\n",
    );
    assert(!await isGood(desk));
    assert.equal(await Deno.readTextFile(at(desk, "ours.key.pub")), publicKeyFile(publicKey));
  });
}
