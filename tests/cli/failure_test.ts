/** Bad input: the contract's text and exit code, the installed version untouched, no stray file. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { updateFailure } from "../../src/cli/update_failure.ts";
import { FileError, type FileErrorKind, UpdateError } from "../../mod.ts";
import { tarGz, utf8 } from "../support/tar_archive.ts";
import { scriptOf, type TestRelease, TestWorld } from "./world.ts";

const VERSION = "2025.11.2";
const wrongDigest = "0".repeat(64);

const releases: [name: string, release: Partial<TestRelease>, code: number, stderr: RegExp][] = [
  [
    "for another platform",
    { fields: { platforms: { "plan9-mips": { url: "x.tar.gz", sha256: wrongDigest } } } },
    5,
    /^No release asset found for platform linux-x86_64 \(linux, x86_64\): .*plan9-mips/,
  ],
  [
    "with another digest",
    { asset: { sha256: wrongDigest } },
    5,
    /^Checksum verification failed: .*linux-x86_64\.tar\.gz.*[0-9a-f]{64}.*0{64}/,
  ],
  ["that is truncated", { asset: { size: 100_000 } }, 5, /^Checksum verification failed: /],
  ["that is larger than it says", { asset: { size: 10 } }, 5, /^Checksum verification failed: /],
  [
    "whose archive has no binary",
    { archive: tarGz({ name: "readme", content: utf8("hello") }) },
    5,
    /^Binary not found in archive: /,
  ],
  [
    "whose archive has the binary twice",
    { archive: tarGz({ name: "cco", content: utf8("a") }, { name: "cco", content: utf8("b") }) },
    5,
    /^Binary not found in archive: /,
  ],
  [
    "whose archive has a link under that name",
    { archive: tarGz({ name: "cco", type: "2", linkName: "/bin/sh" }) },
    5,
    /^Binary not found in archive: /,
  ],
  ["whose archive is none", { archive: utf8("not an archive") }, 5, /^Binary not found in archive: /],
  [
    "that crashes",
    { script: "#!/bin/sh\necho 'cannot start' >&2\nexit 7\n" },
    5,
    /^New binary verification failed: .*exit code 7.*cannot start/,
  ],
  [
    "that prints another version",
    { script: scriptOf("2024.1.1") },
    5,
    /^New binary verification failed: .*it should print "cco 2025\.11\.2"/,
  ],
  [
    "that prints without end",
    { script: "#!/bin/sh\nwhile :; do echo cco; done\n" },
    5,
    /^New binary verification failed: .*printed more than/,
  ],
];

for (const [name, release, code, stderr] of releases) {
  test(`a release ${name} changes nothing`, async () => {
    await using world = await TestWorld.make();
    await world.publish([{ version: VERSION, ...release }]);
    const answer = await world.run("update --yes");
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, stderr);
    assert.equal(answer.stderr.split("\n").length, 2, "one line");
    assert.deepEqual(await world.installed(), ["cco"]);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
  });
}

const manifests: [name: string, text: string][] = [
  ["no JSON", "{"],
  ["not an object", "[]"],
  ["too large", " ".repeat(2_000_000)],
  ["of a newer schema", '{"schema":99,"latest":{},"versions":{}}'],
  [
    "with a version that is not SemVer",
    '{"latest":{"stable":"latest"},"versions":{"latest":{"platforms":{}}}}',
  ],
  ["with a channel that points nowhere", '{"latest":{"stable":"1.0.0"},"versions":{}}'],
  ["without the channel", '{"latest":{"beta":"1.0.0"},"versions":{"1.0.0":{"platforms":{}}}}'],
];

for (const [name, text] of manifests) {
  test(`a manifest that is ${name} is refused with exit code 4`, async () => {
    await using world = await TestWorld.make();
    await writeFile(join(world.folder, "releases/version-manifest.json"), text);
    const { code, stdout, stderr } = await world.run("update --check");
    assert.equal(code, 4);
    assert.match(stderr, /^Could not check for updates: /);
    assert.equal(stderr.split("\n").length, 2);
    assert.doesNotMatch(stdout, /New version|latest version/);
  });
}

test("a missing manifest and a broken network exit 4", async () => {
  await using world = await TestWorld.make();
  const { code, stderr } = await world.run("update --check");
  assert.equal(code, 4);
  assert.match(stderr, /^Could not check for updates: /);
});

test("a download that is not there exits 4 and says that it was the download", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: VERSION, asset: { url: "nowhere.tar.gz" } }]);
  const { code, stderr } = await world.run("update --yes");
  assert.equal(code, 4);
  assert.match(stderr, /^Could not download the update: /);
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("an unsigned manifest is refused by a build with keys, exit code 5", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: VERSION }]);
  const key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
  world.build = { ...world.build, kind: "release", keys: [key], allowUnsigned: false };
  const { code, stderr } = await world.run("update --check");
  assert.equal(code, 5);
  assert.match(stderr, /^Signature verification failed: /);
  const config = await world.run("config set updates.verify_signatures false");
  assert.equal(config.code, 3);
  assert.match(config.stderr, /cannot be false, because this build insists/);
});

const obstacles: [kind: FileErrorKind, stderr: RegExp][] = [
  ["denied", /^Failed to install new binary: .*\.local\/bin.*permission denied.*fix the permissions/],
  ["read-only", /^Failed to install new binary: .*\.local\/bin.*read-only/],
  ["full", /^Failed to install new binary: .*\.local\/bin.*disk is full.*make room/],
];

for (const [kind, stderr] of obstacles) {
  test(`a folder whose file system answers "${kind}" is named, with the mend`, async () => {
    await using world = await TestWorld.make();
    await world.publish([{ version: VERSION }]);
    const { fs } = world.runtime;
    const open: typeof fs.open = (path, mode) =>
      mode.access === "create" && path.includes("/.local/bin/")
        ? Promise.reject(new FileError(kind, "open", path))
        : fs.open(path, mode);
    world.runtime = { ...world.runtime, fs: { ...fs, open } };
    const answer = await world.run("update --yes");
    assert.equal(answer.code, 5);
    assert.match(answer.stderr, stderr);
    assert.deepEqual(await world.installed(), ["cco"]);
  });
}

test("a setting that cannot be used exits 3 before anything is asked of the network", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig("[updates]\nchannel = 7\n");
  const { code, stderr } = await world.run("update --check");
  assert.equal(code, 3);
  assert.match(stderr, /^Invalid channel: 7\. Use: stable, beta, nightly/);
  assert.deepEqual(world.requests, []);
});

test("a failed rollback exits 6 and names every file", () => {
  const details = {
    executable: "/b/cco",
    backup: "/b/cco.backup",
    record: "/b/.cco.update.json",
    staged: "/b/.cco.new-1",
  };
  const failure = updateFailure(
    new UpdateError("ROLLBACK_FAILED", "Rollback failed: both are gone", details),
    "install",
  );
  assert.equal(failure.exitCode, 6);
  for (const path of Object.values(details)) assert(failure.message.includes(path), path);
});

test("another process that updates is named by its number, exit code 5", () => {
  const error = new UpdateError("UPDATE_IN_PROGRESS", "Process 4711 is updating", {
    pid: 4711,
    record: "/r",
  });
  const { message, exitCode } = updateFailure(error, "download");
  assert.deepEqual({ message, exitCode }, {
    message: "Update already in progress: Process 4711 is updating",
    exitCode: 5,
  });
});

test("no secret of the environment reaches any output (T32)", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: VERSION }]);
  await world.writeConfig('[updates]\nproxy = "http://user:canary-proxy@127.0.0.1:9"\n');
  world.env["GITHUB_TOKEN"] = "canary-token";
  world.env["HTTPS_PROXY"] = "http://user:canary-env@127.0.0.1:9";
  const commands = [
    "version",
    "update --check",
    "config show",
    "config show --effective",
    "config get updates.proxy",
    "doctor",
    "explain",
    "update --yes",
    "rollback",
    "config set updates.proxy http://user:canary-set@127.0.0.1:9",
  ];
  for (const command of commands) {
    for (const flags of ["", " --json", " --verbose"]) {
      const { stdout, stderr } = await world.run(command + flags);
      assert.doesNotMatch(stdout + stderr, /canary/, command + flags);
    }
  }
});
