/** `cco release`: what each command writes and says, where keys come from, and what never leaves. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { Interrupted } from "../../src/cli/terminal.ts";
import { secretKeyFile } from "../../src/minisign_key_file.ts";
import { signManifest, testKey } from "../support/signed_release.ts";
import { build, INIT, ok, placeKey, placeKeys, SIGNED, snapshot } from "./desk.ts";
import { scriptOf, TestWorld } from "./world.ts";

const NOW = Date.parse("2026-01-15T12:00:00Z");
const MANIFEST = "  ✓ Wrote version-manifest.json\n  ✓ Wrote version-manifest.json.minisig\n✅ Done\n";

/** A desk with keys and, unless told otherwise, a release folder; the clock stands still. */
async function openDesk({ withFolder = true }: { withFolder?: boolean } = {}): Promise<TestWorld> {
  const world = await TestWorld.make();
  world.runtime = { ...world.runtime, now: () => NOW };
  await placeKeys(world);
  if (withFolder) await ok(world, INIT);
  return world;
}

async function manifestOf(world: TestWorld) {
  return JSON.parse(await readFile(join(world.folder, "releases/version-manifest.json"), "utf8"));
}

/** The life of a release folder. Each command finds what the ones before have left. */
const life: [words: string, said: string][] = [
  [`release add 1.0.0 --from build-1.0.0 ${SIGNED}`, `→ 1.0.0: added for linux-x86_64\n${MANIFEST}`],
  [`release promote 1.0.0 --channel stable ${SIGNED}`, `→ stable: (new) → 1.0.0\n${MANIFEST}`],
  [`release add 1.1.0 --from build-1.1.0 ${SIGNED}`, `→ 1.1.0: added for linux-x86_64\n${MANIFEST}`],
  [
    `release rollout 1.1.0 --percent 10 --duration 72h ${SIGNED}`,
    `→ 1.1.0: rollout to everybody → 10 % growing over 72h\n${MANIFEST}`,
  ],
  [`release promote 1.1.0 --channel stable ${SIGNED}`, `→ stable: 1.0.0 → 1.1.0\n${MANIFEST}`],
  [
    `release rollout 1.1.0 --pause ${SIGNED}`,
    `→ 1.1.0: rollout 10 % growing over 72h → paused at 10 % growing over 3d\n${MANIFEST}`,
  ],
  [
    `release rollout 1.1.0 --resume ${SIGNED}`,
    `→ 1.1.0: rollout paused at 10 % growing over 3d → 10 % growing over 3d\n${MANIFEST}`,
  ],
  [
    `release rollout 1.1.0 --finish ${SIGNED}`,
    `→ 1.1.0: rollout 10 % growing over 3d → to everybody\n${MANIFEST}`,
  ],
  [
    `release yank 1.1.0 --reason broken ${SIGNED}`,
    `→ 1.1.0: yanked (broken)\n→ stable: 1.1.0 → 1.0.0\n${MANIFEST}`,
  ],
  [`release refresh --validity 30d ${SIGNED}`, `→ expires: 2026-02-14T12:00:00Z\n${MANIFEST}`],
  [
    "release rotate --folder releases --root-key-file root.key --public new.key.pub --key-file new.key",
    "→ signed anew: sequence 11, stable 1.0.0, 2 versions, SHA-256 DIGEST\n" +
    "→ root 2: root 1 of 1 (1), manifest 1 of 1 (3)\n  ✓ Wrote version-manifest.json.minisig\n" +
    "  ✓ Wrote 2.root.json.minisig\n  ✓ Wrote 2.root.json\n✅ Done\n",
  ],
];

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

test("release keygen makes a key that is its owner's only, and never replaces one", async () => {
  await using world = await openDesk({ withFolder: false });
  const said = await ok(world, "release keygen fresh.key --no-password");
  const [, id, text] = /^→ public key ([0-9A-F]{16}): (RW\S{54})\n/.exec(said) ?? [];
  assert.equal((await stat(join(world.folder, "fresh.key"))).mode & 0o777, 0o600);
  const published = await readFile(join(world.folder, "fresh.key.pub"), "utf8");
  assert.equal(published, `untrusted comment: minisign public key ${id}\n${text}\n`);
  const before = await snapshot(world);
  assert.equal((await world.run("release keygen fresh.key --no-password")).code, 1);
  assert.deepEqual(await snapshot(world), before);
});

test("release init --make-keys makes keys outside of the release folder only", async () => {
  await using world = await TestWorld.make();
  const inside = await world.run("release init releases --make-keys releases/keys --no-password");
  assert.equal(inside.code, 2);
  assert.match(inside.stderr, /everybody can read the release folder/);
  await ok(world, "release init releases --make-keys keys --no-password --app demo");
  assert.equal((await stat(join(world.folder, "keys/root.key"))).mode & 0o777, 0o600);
  await ok(world, "release refresh --folder releases --key-file keys/release.key");
  assert.equal((await manifestOf(world)).app, "demo");
  const secrets = await Promise.all(["root", "release"].map((name) => secretOf(world, `keys/${name}.key`)));
  const served = Object.entries(await snapshot(world)).filter(([path]) => path.includes("/releases/"));
  for (const [path, base64] of served) {
    for (const secret of secrets) assert(!atob(base64).includes(secret), path);
  }
});

test("release add takes notes, addresses and conditions; promote and yank their flags", async () => {
  await using world = await openDesk();
  for (const version of ["0.9.0", "1.0.0"]) await build(world, version);
  await ok(world, `release add 0.9.0 --from build-0.9.0 ${SIGNED}`);
  await writeFile(join(world.folder, "notes.md"), "- first\n");
  const add =
    `release add 1.0.0 --from build-1.0.0 --url https://example.com/ --notes-file notes.md ${SIGNED}`;
  await ok(world, `${add} --notes-url https://example.com/notes --minimum-version 0.9.0 --critical`);
  const { platforms, ...release } = (await manifestOf(world)).versions["1.0.0"];
  assert.deepEqual(release, {
    date: "2026-01-15T12:00:00Z",
    notes: "- first\n",
    release_notes: "https://example.com/notes",
    minimum_version: "0.9.0",
    critical: true,
  });
  assert.equal(platforms["linux-x86_64"].url, "https://example.com/cco-v1.0.0-linux-x86_64.tar.gz");
});

test("release init --make-keys makes no keys in a dry run, nor when the release folder cannot be made", async () => {
  await using world = await openDesk();
  const before = await snapshot(world);
  const dry = await ok(world, "release init other --make-keys keys --dry-run");
  assert.match(
    dry,
    /ℹ️ {2}Would write .*keys\/root\.key\n[^]*Would write version-manifest\.json\nNothing was changed\n$/,
  );
  const there = await world.run("release init releases --make-keys keys --no-password");
  assert.equal(there.code, 2);
  assert.match(there.stderr, /^Cannot make a release folder at .*releases: it has a .* already/);
  assert.deepEqual(await snapshot(world), before);
  await writeFile(join(world.folder, "release.key.pub"), "mine");
  const taken = await world.run("release init other --make-keys . --no-password");
  assert.equal(taken.code, 2);
  assert.match(taken.stderr, /^Cannot make a key at .*root\.key: there is a file already/);
});

test("release init --dry-run finds that there is a release folder already", async () => {
  await using world = await openDesk();
  assert.match((await world.run(`${INIT} --dry-run`)).stderr, /it has a .* already/);
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

/** What lint would call an error, or a client could not use, is not published in the first place. */
const unwanted: [words: string, stderr: RegExp][] = [
  [
    "add 1.2.0 --from build-1.2.0 --url javascript:alert(1)",
    /^Cannot add 1\.2\.0: javascript: addresses are of no use/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --url http://example.com/",
    /^Cannot add .* http:\/\/example\.com\/ is not encrypted/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --url https://me:hunter2@example.com/",
    /example\.com\/ was given with a user or a pass/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --notes-url javascript:alert(1)",
    /javascript: addresses are of no use to clients/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --notes-url file:///etc/passwd",
    /file: addresses are of no use to clients; use https/,
  ],
  ["add 1.2.0 --from build-1.2.0 --notes-url notes.html", /notes\.html is no complete address/],
  ["add 1.2.0 --from build-1.2.0 --notes-url https://hunter2@example.com/n", /which everybody could read/],
  ["add 1.2.0 --from build-1.2.0 --minimum-version 1.2.0", /the minimum version 1\.2\.0 is not older$/],
  ["add 1.2.0 --from build-1.2.0 --minimum-version 2.0.0", /the minimum version 2\.0\.0 is not older$/],
  [
    "add 1.2.0 --from build-1.2.0 --minimum-version 0.5.0",
    /does not have the minimum version 0\.5\.0; add that first$/,
  ],
  ["add 1.2.0 --from build-1.2.0 --minimum-version one", /the minimum version one is no SemVer version$/],
  [
    "add 1.3.0 --from build-1.2.0",
    /has no file named cco-v1\.3\.0-<platform>…; it has cco-v1\.3\.0-linux-riscv/,
  ],
  ["rollout 1.1.0 --percent 101", /^Cannot roll out 1\.1\.0: 101 percent is not from 0 to 100$/],
  [
    "rollout 1.1.0 --percent 5 --duration=-1h",
    /^Cannot roll out 1\.1\.0: the duration "-1h" is no length of time/,
  ],
  ["rollout 1.1.0 --percent 5 --fallback 9.0.0", /the manifest does not have the fallback 9\.0\.0$/],
  ["rollout 1.0.0 --percent 5 --fallback 1.1.0", /the fallback 1\.1\.0 is not older$/],
  ["rollout 1.1.0 --percent 5 --fallback 0.9.0", /the fallback 0\.9\.0 was yanked \(broken\)$/],
  ["rollout 0.9.0 --percent 5", /^Cannot roll out 0\.9\.0: it was yanked \(broken\)$/],
  ["rollout 1.1.0 --resume", /^Cannot resume the rollout of 1\.1\.0: there is none$/],
];

test("addresses that clients refuse, and versions, shares and times that cannot be, exit 2 and change nothing", async () => {
  await using world = await openDesk();
  for (const version of ["0.9.0", "1.0.0", "1.1.0", "1.2.0"]) await build(world, version);
  for (const version of ["0.9.0", "1.0.0", "1.1.0"]) {
    await ok(world, `release add ${version} --from build-${version} ${SIGNED}`);
  }
  await ok(world, `release yank 0.9.0 --reason broken ${SIGNED}`);
  await writeFile(join(world.folder, "build-1.2.0/cco-v1.3.0-linux-riscv.tar.gz"), "");
  const before = await snapshot(world);
  for (const [words, expected] of unwanted) {
    const { code, stdout, stderr } = await world.run(`release ${words} ${SIGNED}`);
    assert.equal(code, 2, `${words}: ${stderr}`);
    assert.match(stderr.trimEnd(), expected);
    assert(!`${stdout}${stderr}`.includes("hunter2"), words);
  }
  assert.deepEqual(await snapshot(world), before);
});

test("release rotate signs no manifest of a thief who left the highest sequence: exit 2, with the mend", async () => {
  await using world = await openDesk();
  const path = join(world.folder, "releases/version-manifest.json");
  const forged = { ...await manifestOf(world), sequence: Number.MAX_SAFE_INTEGER };
  const { bytes, signature } = await signManifest(JSON.stringify(forged), [await testKey(2)]);
  await writeFile(path, bytes);
  await writeFile(`${path}.minisig`, signature!);
  await placeKey(world, "new.key", 3);
  const before = await snapshot(world);
  const { code, stderr } = await world.run(
    "release rotate --folder releases --root-key-file root.key --public new.key.pub --key-file new.key",
  );
  assert.equal(code, 2);
  assert.match(
    stderr,
    /leaves no room for later ones.*; restore the last good version-manifest\.json .*, then rotate/,
  );
  assert.deepEqual(await snapshot(world), before);
  const lint = await world.run("release lint --folder releases");
  assert.equal(lint.code, 1);
  assert.match(lint.stdout, /^❌ sequence: 9007199254740991 leaves no room/);
});

test("release add names files of the version for no known platform, not what lies beside archives", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  for (const rest of ["linux-riscv.tar.gz", "linux-x86_64.tar.gz.minisig", "linux-x86_64.tar.gz.sha256"]) {
    await writeFile(join(world.folder, `build-1.0.0/cco-v1.0.0-${rest}`), "");
  }
  assert.equal(
    await ok(world, `release add 1.0.0 --from build-1.0.0 ${SIGNED}`),
    "→ 1.0.0: added for linux-x86_64\n" +
      `→ not added: cco-v1.0.0-linux-riscv.tar.gz, which is for no platform that is known\n${MANIFEST}`,
  );
});

test("Ctrl-C while release add reads files exits 130 and changes nothing", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  const before = await snapshot(world);
  const { fs } = world.runtime;
  const open: typeof fs.open = (path, mode) => {
    if (path.endsWith(".tar.gz")) world.interrupt();
    return fs.open(path, mode);
  };
  world.runtime = { ...world.runtime, fs: Object.assign(Object.create(fs), { open }) };
  const { code, stderr } = await world.run(`release add 1.0.0 --from build-1.0.0 ${SIGNED}`);
  assert.equal(code, 130);
  assert.equal(stderr, "Cancelled. Nothing was changed\n");
  assert.deepEqual(await snapshot(world), before);
});

test("thresholds: with two keys of two, one is refused, and keys can be given in different ways", async () => {
  await using world = await openDesk({ withFolder: false });
  await placeKey(world, "second.key", 3);
  const roots = "--root-key-file root.key --root-key-file second.key --root-threshold 2";
  await ok(
    world,
    `release init releases ${roots} --key-file release.key --key-file second.key --threshold 2`,
  );
  assert.equal((await world.run(`release refresh ${SIGNED}`)).code, 5);
  await ok(world, `release refresh ${SIGNED} --key-file second.key`);
  world.env["SECOND"] = await readFile(join(world.folder, "second.key"), "utf8");
  await ok(world, `release refresh ${SIGNED} --key-env SECOND`);
  world.input = world.env["SECOND"] + await readFile(join(world.folder, "release.key"), "utf8");
  await ok(world, "release refresh --folder releases --key-stdin");
  const rotate = "release rotate --folder releases --root-key-file root.key";
  assert.equal((await world.run(rotate)).code, 5);
  await ok(world, `${rotate} --root-key-env SECOND`);
});

test("a secret key that others can read is refused, with the mend", async () => {
  await using world = await openDesk();
  await chmod(join(world.folder, "release.key"), 0o640);
  const { code, stderr } = await world.run(`release refresh ${SIGNED}`);
  assert.equal(code, 2);
  assert.match(stderr, /its mode is 0640, others can read it; chmod 600 it/);
});

const noKeys: [flags: string, stderr: RegExp][] = [
  ["--key-file absent.key", /Cannot use the secret key .*absent\.key: there is no such file/],
  [
    "--key-file release.key.pub",
    /release\.key\.pub: it is a public key; the secret one is in the file without/,
  ],
  ["--key-env PUBLIC", /it is a public key/],
  ["--key-env ABSENT", /ABSENT: there is no such variable, or it is empty/],
  ["--key-env WRONG", /it is no minisign key file/],
  ["--key-stdin", /it is no minisign key file/],
  ["--key-stdin --root-key-stdin", /there is one standard input/],
];

for (const [flags, expected] of noKeys) {
  test(`no key by ${flags}: exit 2, and what was there instead is not shown`, async () => {
    await using world = await openDesk({ withFolder: false });
    world.env["PUBLIC"] = (await testKey(2)).publicKey.text;
    world.env["WRONG"] = "not a key but a secret all the same";
    const root = flags.includes("--root-") ? "" : "--root-key-file root.key";
    const { code, stdout, stderr } = await world.run(`release init new ${root} ${flags} --verbose`);
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert(!`${stdout}${stderr}`.includes("a secret all the same"));
  });
}

test("a key on standard input is refused where it would show on the terminal", async () => {
  await using world = await openDesk();
  world.sit();
  const { code, stderr } = await world.run("release refresh --folder releases --key-stdin");
  assert.equal(code, 2);
  assert.match(stderr, /from a terminal, where it would show/);
});

/** The command has a flag for no key's text: a word of the command line is everybody's (T11). */
test("no flag of cco release takes a secret itself", async () => {
  const flags = (command: Command): string[] => [
    ...(command.flags ?? []).filter(({ value }) => value === "KEY").map(({ name }) => name),
    ...(command.commands ?? []).flatMap(flags),
  ];
  const release = COMMANDS.commands!.find(({ name }) => name === "release")!;
  assert.deepEqual(flags(release), ["root-public", "public"]);
  await using world = await openDesk();
  const secret = await secretOf(world, "release.key");
  for (const flag of ["--key", "--secret-key", "--password"]) {
    const { code, stdout, stderr } = await world.run(`release refresh --folder releases ${flag} ${secret}`);
    assert.equal(code, 2);
    assert(!`${stdout}${stderr}`.includes(secret), flag);
  }
});

/** A cheap password protection: minisign's own takes seconds and a gigabyte. */
async function protect(world: TestWorld, password: string): Promise<void> {
  const cost = { operations: 32_768, memory: 1 << 24 };
  const protection = { password, salt: new Uint8Array(32), cost };
  const text = await secretKeyFile(await testKey(2), { protection });
  await writeFile(join(world.folder, "release.key"), text, { mode: 0o600 });
}

test("the password of a protected key is asked for on the terminal, and shown nowhere", async () => {
  await using world = await openDesk();
  await protect(world, "correct horse");
  world.sit();
  world.env["NO_COLOR"] = "1";
  world.typed = ["correct horse"];
  const { code, stdout, stderr } = await world.run(`release refresh ${SIGNED}`);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "Password of release.key: \n");
  assert(!stdout.includes("horse"));
});

const passwords: [typed: (string | undefined | Interrupted)[], code: number, stderr: RegExp][] = [
  [["wrong battery"], 2, /the password is wrong, or the file is damaged/],
  [[undefined], 2, /No password was given/],
  [[new Interrupted(130)], 130, /Cancelled/],
];

for (const [typed, code, expected] of passwords) {
  test(`a password of ${typed}: exit ${code}, nothing changed, nothing shown`, async () => {
    await using world = await openDesk();
    await protect(world, "correct horse");
    const before = await snapshot(world);
    world.sit();
    world.typed = typed;
    const answer = await world.run(`release refresh ${SIGNED} --verbose`);
    assert.equal(answer.code, code);
    assert.match(answer.stderr, expected);
    assert(!`${answer.stdout}${answer.stderr}`.includes("battery"));
    assert.deepEqual(await snapshot(world), before);
  });
}

const newPasswords: [typed: string[], stderr: RegExp][] = [
  [[""], /Cannot use an empty password. Add --no-password/],
  [["one", "other"], /The two passwords differ/],
];

for (const [typed, expected] of newPasswords) {
  test(`a new password of ${JSON.stringify(typed)} makes no key`, async () => {
    await using world = await openDesk({ withFolder: false });
    const before = await snapshot(world);
    world.sit();
    world.typed = typed;
    const { code, stderr } = await world.run("release keygen fresh.key");
    assert.equal(code, 2);
    assert.match(stderr, expected);
    assert.deepEqual(await snapshot(world), before);
  });
}

test("without a terminal nothing asks for a password: exit 2, with a hint", async () => {
  await using world = await openDesk();
  await protect(world, "correct horse");
  for (const words of [`release refresh ${SIGNED}`, "release keygen fresh.key"]) {
    const { code, stderr } = await world.run(words);
    assert.equal(code, 2);
    assert.match(stderr, /^Cannot ask for a password without a terminal/);
  }
});

async function secretOf(world: TestWorld, name: string): Promise<string> {
  return (await readFile(join(world.folder, name), "utf8")).split("\n")[1]!;
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

test("release verify compares files and an executable with the manifest, and exits 5 when one differs", async () => {
  await using world = await openDesk();
  const folder = await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from ${folder} ${SIGNED}`);
  const program = join(world.folder, "program");
  await writeFile(program, scriptOf("1.0.0"));
  const verify = `release verify --folder releases --assets ${folder} --version 1.0.0 --executable program`;
  const good = await ok(world, verify);
  assert.match(
    good,
    / {2}✓ cco-v1\.0\.0-linux-x86_64\.tar\.gz\n {2}✓ The executable is 1\.0\.0 for linux-x86_64\n$/,
  );

  await writeFile(program, scriptOf("1.0.1"));
  const other = await world.run(verify);
  assert.equal(other.code, 5);
  assert.match(other.stdout, /❌ The manifest does not have this executable\n$/);
  assert.match(other.stderr, /^Checksum verification failed/);

  const archive = join(world.folder, folder, "cco-v1.0.0-linux-x86_64.tar.gz");
  const bytes = await readFile(archive);
  bytes[40]! ^= 1;
  await writeFile(archive, bytes);
  const assets = `release verify --folder releases --assets ${folder} --version 1.0.0`;
  assert.match((await world.run(assets)).stdout, /❌ cco-v1\.0\.0-linux-x86_64\.tar\.gz: other digest/);
  await rm(archive);
  const { code, document } = await world.json(assets);
  assert.equal(code, 5);
  assert.deepEqual(document["files"], [{
    name: "cco-v1.0.0-linux-x86_64.tar.gz",
    version: "1.0.0",
    platform: "linux-x86_64",
    verdict: "missing",
  }]);
});

test("release verify says of a changed manifest what a client would say", async () => {
  await using world = await openDesk();
  const path = join(world.folder, "releases/version-manifest.json");
  await writeFile(path, (await readFile(path, "utf8")).replace('"sequence": 1', '"sequence": 9'));
  const { code, stderr } = await world.run("release verify --folder releases");
  assert.equal(code, 5);
  assert.match(stderr, /^Signature verification failed: /);
});

test("release verify --root does not believe a folder whose first root is another", async () => {
  await using world = await openDesk();
  await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
  await ok(world, "release verify --folder releases --root compiled-in.json");
  await rm(join(world.folder, "releases"), { recursive: true });
  await placeKey(world, "thief.key", 9);
  await ok(world, "release init releases --root-key-file thief.key --key-file thief.key");
  await ok(world, "release verify --folder releases");
  for (const more of ["", " --executable root.key"]) {
    const { code, stderr } = await world.run(
      `release verify --folder releases --root compiled-in.json${more}`,
    );
    assert.equal(code, 5);
    assert.match(stderr, /^Signature verification failed: /);
  }
});

test("release verify takes a folder, its manifest, and the address where clients find it", async () => {
  await using world = await openDesk();
  const folder = await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from ${folder} ${SIGNED}`);
  await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
  await writeFile(join(world.folder, "program"), scriptOf("1.0.0"));
  const said = await ok(world, "release verify --folder releases");
  const address = `${world.address}/version-manifest.json`;
  assert.equal((await world.json("release verify releases")).document["consistencyOnly"], true);
  for (const place of ["releases", "releases/version-manifest.json", address]) {
    // T11: whoever controls the server could serve a root of their own.
    const warning = place === address
      ? /^⚠️ {2}Only consistency was checked: .* --root 1\.root\.json\n$/
      : /^$/;
    const plain = await ok(world, `release verify ${place}`);
    assert(plain.startsWith(said), place);
    assert.match(plain.slice(said.length), warning, place);
    const { document } = await world.json(`release verify ${place} --root compiled-in.json`);
    assert.equal(document["consistencyOnly"], false);
    const more = `--root compiled-in.json --assets ${folder} --version 1.0.0 --executable program`;
    const whole = await ok(world, `release verify ${place} ${more}`);
    assert(whole.startsWith(said), place);
    assert.match(whole, / {2}✓ The executable is 1\.0\.0 for linux-x86_64\n$/);
  }
  await placeKey(world, "new.key", 3);
  const keys = "--root-key-file root.key --public new.key.pub --key-file new.key";
  await ok(world, `release rotate --folder releases ${keys}`);
  assert.match(
    await ok(world, `release verify ${address} --root compiled-in.json`),
    /, root 2, sequence 2\n/,
  );
  const state = await snapshot(world);
  assert.deepEqual(Object.keys(state).filter((path) => /trust\.json|cache/.test(path)), []);
});

const unverified: [
  what: string,
  change: (world: TestWorld) => Promise<unknown>,
  code: number,
  stderr: RegExp,
][] = [
  [
    "another publisher's release",
    async (world) => {
      await rm(join(world.folder, "releases"), { recursive: true });
      await placeKey(world, "thief.key", 9);
      await ok(world, "release init releases --root-key-file thief.key --key-file thief.key");
    },
    5,
    /^Signature verification failed: .* not by a trusted key/,
  ],
  [
    "a manifest that was changed",
    (world) => changeManifest(world, (text) => text.replace('"sequence": 1', '"sequence": 9')),
    5,
    /^Signature verification failed: .* does not fit/,
  ],
  [
    "no manifest",
    (world) => rm(join(world.folder, "releases/version-manifest.json")),
    4,
    /^Cannot find a manifest at /,
  ],
];

async function changeManifest(world: TestWorld, change: (text: string) => string): Promise<void> {
  const path = join(world.folder, "releases/version-manifest.json");
  await writeFile(path, change(await readFile(path, "utf8")));
}

for (const [what, change, code, stderr] of unverified) {
  test(`release verify of an address with ${what} exits ${code}`, async () => {
    await using world = await openDesk();
    await copyFile(join(world.folder, "releases/1.root.json"), join(world.folder, "compiled-in.json"));
    await change(world);
    const answer = await world.run(
      `release verify ${world.address}/version-manifest.json --root compiled-in.json`,
    );
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, stderr);
    assert.equal(answer.stdout, "");
  });
}

test("release lint exits 1 for what a client would refuse and 0 for what a person would regret", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  const previous = await readFile(join(world.folder, "releases/version-manifest.json"));
  await writeFile(join(world.folder, "previous.json"), previous);
  await ok(world, `release add 1.0.0 --from build-1.0.0 --url ${world.address}/ ${SIGNED}`);
  const online = await world.run("release lint --folder releases --online --previous previous.json");
  assert.equal(online.code, 1);
  assert.match(online.stdout, /^❌ versions\.1\.0\.0\.linux-x86_64: http:.* is not https\n$/);
  await rm(join(world.folder, "releases/cco-v1.0.0-linux-x86_64.tar.gz"));
  const gone = await world.run("release lint --folder releases --online");
  assert.match(gone.stdout, /the server answers 404/);
  await rm(join(world.folder, "releases"), { recursive: true });
  await ok(world, INIT);
  await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from build-1.0.0 ${SIGNED}`);
  const beside = `release lint --folder releases --online --address ${world.address}/version-manifest.json`;
  assert.equal(
    (await world.run("release lint --folder releases --online")).stdout.match(/--address/g)?.length,
    1,
  );
  assert.equal(await ok(world, beside), "✅ Nothing to mend\n");
  await writeFile(join(world.folder, "releases/cco-v1.0.0-linux-x86_64.tar.gz"), "short");
  assert.match((await world.run(beside)).stdout, /the server has 5 bytes, the manifest says \d+/);
  world.runtime = { ...world.runtime, now: () => NOW + 80 * 24 * 3_600_000 };
  await rm(join(world.folder, "releases"), { recursive: true });
  await ok(world, `${INIT} --validity 30d`);
  world.runtime = { ...world.runtime, now: () => NOW + 105 * 24 * 3_600_000 };
  const late = await world.run("release lint --folder releases");
  assert.equal(late.code, 0);
  assert.equal(late.stdout, "⚠️  expires: the manifest has 5 days left; refresh it\n");
});

/** The step of a workflow that a name begins, up to the next one. */
function stepOf(workflow: string, name: string): string {
  const steps = workflow.split(/^ {6}- /m).slice(1);
  const step = steps.find((text) => text.startsWith(`name: ${name}\n`));
  assert(step !== undefined, name);
  return step;
}

test("the workflow that init writes calls a command that exists and does what it says", async () => {
  await using world = await openDesk();
  const workflow = await readFile(join(world.folder, "releases/.github/workflows/refresh.yml"), "utf8");
  const [, words] = /run: cco (.*)/.exec(stepOf(workflow, "Refresh")) ?? [];
  world.env["CCO_RELEASE_KEY"] = await readFile(join(world.folder, "release.key"), "utf8");
  await ok(world, `${words} --folder releases`);
  assert.equal((await manifestOf(world)).sequence, 2);
});

/** What the variables of the repository say, and what becomes of it. */
const fetched: [what: string, digest: "right" | "other" | "none", stdout: RegExp][] = [
  ["runs the cco whose digest the repository names", "right", /^cco\.tar\.gz: OK\n$/],
  ["runs no cco with another digest", "other", /^cco\.tar\.gz: FAILED\n$/],
  ["says which variables to set", "none", /^::error::Set the variables CCO_ARCHIVE and CCO_SHA256 of this/],
];
for (const [what, digest, expected] of fetched) {
  test(`the workflow that init writes ${what}`, { skip: process.platform !== "linux" }, async () => {
    await using world = await openDesk();
    const folder = await build(world, "1.0.0");
    const archive = join(world.folder, folder, "cco-v1.0.0-linux-x86_64.tar.gz");
    const workflow = await readFile(join(world.folder, "releases/.github/workflows/refresh.yml"), "utf8");
    // Every step but this one finds cco on the PATH.
    assert(workflow.indexOf("- name: Get cco") < workflow.indexOf("run: cco release refresh"));
    const script = stepOf(workflow, "Get cco").split("run: |\n")[1]!.replaceAll(/^ {10}/gm, "");
    await writeFile(join(world.folder, "curl"), CURL, { mode: 0o755 });
    const sha256 = createHash("sha256").update(await readFile(archive)).digest("hex");
    const { status, stdout } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
      env: {
        PATH: `${world.folder}:${process.env["PATH"]}`,
        RUNNER_TEMP: world.folder,
        GITHUB_PATH: join(world.folder, "paths"),
        CCO_ARCHIVE: digest === "none" ? "" : archive,
        CCO_SHA256: digest === "right" ? sha256 : "0".repeat(64),
      },
      encoding: "utf8",
    });
    assert.match(stdout, expected);
    assert.equal(status, digest === "right" ? 0 : 1);
    const paths = await readFile(join(world.folder, "paths"), "utf8").catch(() => undefined);
    assert.equal(paths, digest === "right" ? `${world.folder}\n` : undefined);
    if (digest === "right") {
      assert.equal(await readFile(join(world.folder, "cco"), "utf8"), scriptOf("1.0.0"));
    }
  });
}

/** Copies the last argument to the file after `--output`, without a network. */
const CURL = `#!/bin/sh
while [ $# -gt 1 ]; do
  [ "$1" = --output ] && output=$2
  shift
done
cp "$1" "$output"
`;
