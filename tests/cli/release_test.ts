/** `cco release`: what its commands write and say over the life of a folder, and what never leaves. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { testKey } from "../support/signed_release.ts";
import { build, INIT, ok, placeKey, SIGNED, snapshot } from "./desk.ts";
import { life, openDesk, secretOf } from "./release_desk.ts";

test("each command of a release folder's life says what it changed, and a client accepts every state", async () => {
  await using world = await openDesk();
  const { publicKey } = await placeKey(world, "new.key", 3);
  for (const version of ["1.0.0", "1.1.0"]) await build(world, version);
  for (const [words, said] of life) {
    assert.equal(await shortened(await ok(world, words)), said, words);
    assert.match(await ok(world, "release verify --folder releases"), /^✅ Signature verified: by /);
  }
  assert.equal(
    await ok(world, "release verify --folder releases"),
    `✅ Signature verified: by ${publicKey.id}, root 2, sequence 11\n→ Expires: 2026-02-14T12:00:00Z\n`,
  );
  assert.equal(await ok(world, "release lint --folder releases"), "✅ Nothing to mend\n");
});

/** Digests depend on the runtime's compression; keys are named by their numbers on the desk. */
async function shortened(text: string): Promise<string> {
  let short = text.replaceAll(/\b[0-9a-f]{64}\b/g, "DIGEST");
  for (const number of [1, 2, 3]) short = short.replaceAll((await testKey(number)).publicKey.id, `${number}`);
  return short;
}

test("--dry-run of every command checks and says all, and writes nothing", async () => {
  await using world = await openDesk({ withFolder: false });
  await placeKey(world, "new.key", 3);
  for (const version of ["1.0.0", "1.1.0"]) await build(world, version);
  await writeFile(join(world.folder, "checksums.sha256"), "");
  const commands = [
    [INIT, ""],
    ...life,
    ["release sign checksums.sha256 --key-file new.key", ""],
    ["release keygen another.key --no-password", ""],
  ];
  for (const [words] of commands) {
    const before = await snapshot(world);
    const dry = await ok(world, `${words} --dry-run`);
    assert.match(dry, /ℹ️ {2}Would write .*\nNothing was changed\n$/, words);
    assert.deepEqual(await snapshot(world), before, words);
    const wet = await ok(world, words!);
    assert.notDeepEqual(await snapshot(world), before, words);
    const changes = (text: string) => text.split("\n").filter((line) => /^→ (?!public key)/.test(line));
    assert.deepEqual(changes(dry), changes(wet), words);
  }
});

const refused: [words: string, code: number, stderr: RegExp][] = [
  [`release add 1.0.0 ${SIGNED}`, 2, /^Missing flag: --from DIR$/],
  [`release add 1.0 --from build-1.0.0 ${SIGNED}`, 2, /it is no SemVer version/],
  [`release add 1.0.0 --from nowhere ${SIGNED}`, 1, /nowhere/],
  [`release promote 9.9.9 --channel stable ${SIGNED}`, 2, /^Cannot promote 9\.9\.9: the manifest does not/],
  [`release promote 9.9.9 ${SIGNED}`, 2, /^Missing flag: --channel CHANNEL$/],
  [`release yank 9.9.9 ${SIGNED}`, 2, /^Missing flag: --reason TEXT$/],
  [`release rollout 9.9.9 ${SIGNED}`, 2, /^Give one of --percent N, --pause, --resume and --finish$/],
  [`release rollout 9.9.9 --pause --resume ${SIGNED}`, 2, /^Give one of/],
  [`release rollout 9.9.9 --pause --duration 3h ${SIGNED}`, 2, /^--duration and --fallback need --percent$/],
  [`release rollout 9.9.9 --percent many ${SIGNED}`, 2, /^Cannot use --percent many: it is no number$/],
  [`release refresh --validity soon ${SIGNED}`, 2, /^Cannot use --validity soon: it is no length of time/],
  ["release refresh --folder releases", 2, /^Missing flag: --key-file FILE, --key-stdin or --key-env NAME$/],
  [`release refresh --folder nowhere --key-file release.key`, 2, /it has no version-manifest\.json$/],
  [
    "release refresh --folder releases --key-file root.key",
    5,
    /^Signature verification failed: .* not by a trusted key; clients would refuse it, nothing was changed$/,
  ],
  ["release rotate --folder releases --threshold 2 --root-key-file root.key", 2, /needs --public/],
  ["release rotate --folder releases --public RWxx --root-key-file root.key", 2, /there is no such file/],
  [`release rotate --folder releases --root-key-file release.key`, 5, /^Signature verification failed: /],
  [INIT, 2, /it has a .*already$/],
  [
    INIT.replace("releases", "other --app ../evil"),
    2,
    /"\.\.\/evil": it does not fit into the name of a file$/,
  ],
  [INIT.replace("releases", "other --app a\\\\b"), 2, /it does not fit into the name of a file$/],
  [`${INIT} --make-keys keys`, 2, /^Cannot combine --make-keys with keys that exist$/],
  ["release verify --folder releases --version 1.0.0", 2, /^--version needs --assets$/],
  [
    "release verify releases --folder releases",
    2,
    /^Cannot combine --folder and RELEASE: they say the same$/,
  ],
  ["release verify --folder releases --root root.key", 2, /^Cannot read a file of the release: /],
  [
    "release verify http://192.0.2.1/version-manifest.json",
    4,
    /^Cannot fetch .* it is not encrypted; use https$/,
  ],
  ["release lint --folder releases --address https://example.com/m.json", 2, /^--address needs --online$/],
  [
    "release lint --folder releases --online --address m.json",
    2,
    /^Cannot use --address m\.json: it is no https/,
  ],
  ["release verify --folder releases --assets .", 2, /^Missing flag: --version VERSION$/],
  ["release sign releases/version-manifest.json --append --key-file release.key --app other", 2, /for other/],
  ["release sign root.key.pub --key-file root.key --key-file release.key", 2, /^Give one key/],
];

for (const [words, code, stderr] of refused) {
  test(`${words} exits ${code} and changes nothing`, async () => {
    await using world = await openDesk();
    const before = await snapshot(world);
    const answer = await world.run(words);
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr.trimEnd(), stderr);
    assert.equal(answer.stdout, "");
    assert.deepEqual(await snapshot(world), before);
  });
}

test("no secret key is in any output, of whatever command, in whatever form", async () => {
  await using world = await openDesk({ withFolder: false });
  await placeKey(world, "new.key", 3);
  for (const version of ["1.0.0", "1.1.0"]) await build(world, version);
  const names = ["root.key", "release.key", "new.key"];
  const secrets = await Promise.all(names.map((name) => secretOf(world, name)));
  const forms = secrets.flatMap((secret) => {
    const bytes = Uint8Array.fromBase64(secret);
    return [secret, secret.slice(80, 120), bytes.subarray(62, 94).toHex(), bytes.subarray(62, 94).toBase64()];
  });
  world.env["CCO_RELEASE_KEY"] = await readFile(join(world.folder, "release.key"), "utf8");
  world.input = await readFile(join(world.folder, "release.key"), "utf8");
  let output = "";
  for (const [words] of [[INIT], ...life, ["release verify --folder releases"]]) {
    for (const source of ["--key-file release.key", "--key-env CCO_RELEASE_KEY", "--key-stdin"]) {
      for (const flags of ["--dry-run --json", "--verbose"]) {
        const { stdout, stderr } = await world.run(
          `${words!.replace("--key-file release.key", source)} ${flags}`,
        );
        output += stdout + stderr;
      }
    }
  }
  assert(output.length > 5000);
  for (const form of forms) assert(!output.includes(form));
});
