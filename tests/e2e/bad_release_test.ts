/** Releases that must not be installed: the contract's message and exit code, and nothing on disk has changed. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { testKey } from "../support/signed_release.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";

const SIGNATURE = "version-manifest.json.minisig";

interface BadRelease {
  /** What is wrong with it. */
  readonly what: string;
  /** Spoils the good release; the manifest is signed anew afterwards. */
  readonly spoil: (release: Published, folder: string) => void | Promise<void>;
  /** How the line on standard error begins. */
  readonly message: string;
  /** What else the line says. */
  readonly says: RegExp;
  readonly exit: number;
}

const RELEASES: readonly BadRelease[] = [
  {
    what: "an archive of which one byte has changed",
    spoil: async (release, folder) => {
      const bytes = await Deno.readFile(archiveOf(release));
      bytes[bytes.length >> 1]! ^= 1;
      await replaceArchive(release, folder, bytes, { keepFacts: true });
    },
    message: "Checksum verification failed",
    says:
      /\/cco-v2025\.11\.2-\S+ is not the published one: its SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}; /,
    exit: 5,
  },
  {
    what: "an archive that ends in the middle",
    spoil: async (release, folder) => {
      const bytes = await Deno.readFile(archiveOf(release));
      await replaceArchive(release, folder, bytes.subarray(0, bytes.length >> 1), { keepFacts: true });
    },
    message: "Checksum verification failed",
    says:
      /\/cco-v2025\.11\.2-\S+ is not the published one: it has \d+ bytes, expected \d+; tell the publisher/,
    exit: 5,
  },
  {
    what: "an archive that holds the program under another name",
    spoil: async (release, folder) => {
      const other = join(folder, "other");
      await Deno.writeTextFile(other, "not cco");
      await repack(release, folder, other);
    },
    message: "Binary not found in archive",
    says: /: Cannot find cco in \S+\.tar\.gz: it holds other\. Tell the publisher/,
    exit: 5,
  },
  {
    what: "a program that ends with an error",
    spoil: async (release, folder) => await repackScript(release, folder, "exit 3"),
    message: "New binary verification failed",
    says: /exit code 3.*printed nothing; tell the publisher/,
    exit: 5,
  },
  {
    what: "a program that says it is another version",
    spoil: async (release, folder) => await repackScript(release, folder, "echo cco 1.0.0"),
    message: "New binary verification failed",
    says: /it should print "cco 2025\.11\.2"; its last line was "cco 1\.0\.0"; tell the publisher/,
    exit: 5,
  },
  {
    what: "no file for this platform",
    spoil: ({ manifest }) => {
      manifest.versions[NEW]!.platforms = { "plan9-mips": assetOf(manifest) };
    },
    message: "No release asset found for platform",
    says:
      / \S+-\S+ \(\w+, \w+\): version 2025\.11\.2 has plan9-mips; ask the publisher for a file for this system/,
    exit: 5,
  },
  {
    what: "a manifest that has expired",
    spoil: ({ manifest }) => {
      manifest["expires"] = "2025-01-01T00:00:00Z";
    },
    message: "Signature verification failed",
    says: /it expired at 2025-01-01T00:00:00Z; nothing was installed, tell its publisher/,
    exit: 5,
  },
  {
    what: "a manifest of another program",
    spoil: ({ manifest }) => {
      manifest["app"] = "other";
    },
    message: "Signature verification failed",
    says: /its signature is not for cco; nothing was installed/,
    exit: 5,
  },
];

for (const { what, spoil, message, says, exit } of RELEASES) {
  test(`a compiled cco does not install ${what}`, { skip: skipReason() }, async (t) => {
    const release = await published(t);
    await spoil(release, await temporaryFolder(t));
    await publishManifest(release.server, release.manifest, RELEASE_KEY);
    await checkRefusal(release, message, says, exit);
  });
}

const UNTRUSTED: readonly (readonly [
  what: string,
  change: (release: Published) => void | Promise<void>,
  says: RegExp,
])[] = [
  [
    "without a signature",
    ({ server }) => void server.files.delete(SIGNATURE),
    /it has no signature; nothing was installed/,
  ],
  [
    "with a signature that is none",
    ({ server }) => void server.files.set(SIGNATURE, { text: "?" }),
    /its signature is malformed .*; nothing was installed/,
  ],
  [
    "signed with a key that it does not know",
    async ({ server, manifest }) => await publishManifest(server, manifest, await testKey(43)),
    /it is signed by 2B2B2B2B2B2B2B2B, not by a trusted key; nothing was installed/,
  ],
  [
    "older than one that it has seen",
    async ({ home, server, manifest }) => {
      manifest.sequence = 9;
      await publishManifest(server, manifest, RELEASE_KEY);
      assert.equal((await home.run("update", "--check")).code, 0);
      manifest.sequence = 8;
      await publishManifest(server, manifest, RELEASE_KEY);
    },
    /its sequence is 8, below 9; nothing was installed/,
  ],
];

for (const [what, change, says] of UNTRUSTED) {
  test(`a compiled cco does not install from a manifest ${what}`, async (t) => {
    const release = await published(t);
    await change(release);
    await checkRefusal(release, "Signature verification failed", says, 5);
  });
}

test("a compiled cco says so when no server answers", async (t) => {
  const release = await published(t);
  const { home, server } = release;
  await server[Symbol.asyncDispose]();
  await checkRefusal(
    { ...release, home },
    "Could not check for updates",
    /: Cannot fetch http:\/\/127\.0\.0\.1:\d+\/version-manifest\.json: .*/,
    4,
  );
});

function skipReason(): string | false {
  return Deno.build.os === "windows" ? "some of the programs are shell scripts" : false;
}

async function checkRefusal(
  { home, old }: Published,
  message: string,
  says: RegExp,
  exit: number,
): Promise<void> {
  const { code, stderr } = await home.run("update", "--yes");
  assert.equal(stderr.slice(0, message.length), message, stderr);
  assert.match(stderr, says);
  assert.equal(stderr.indexOf("\n"), stderr.length - 1, `one line: ${stderr}`);
  assert.equal(code, exit, stderr);
  assert.deepEqual(await home.installed(), ["cco"]);
  assert.equal(await fileDigest(home.executable), old.sha256);
  assert.equal((await home.run("--version")).stdout, `cco ${OLD}\n`);
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "cco-bad-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  return folder;
}

function assetOf(manifest: Published["manifest"]): Record<string, unknown> {
  return manifest.versions[NEW]!.platforms[hostPlatform()]!;
}

function archiveName({ manifest }: Published): string {
  return basename(String(assetOf(manifest)["url"]));
}

function archiveOf(release: Published): string {
  const path = release.server.files.get(archiveName(release));
  assert(typeof path === "string");
  return path;
}

async function repackScript(release: Published, folder: string, command: string): Promise<void> {
  const script = join(folder, "cco");
  await Deno.writeTextFile(script, `#!/bin/sh\n${command}\n`);
  await repack(release, folder, script);
}

/** Publishes another executable with its true digests: nothing but the program itself is wrong. */
async function repack(release: Published, folder: string, executable: string): Promise<void> {
  const archive = join(folder, "archive.tar.gz");
  await packExecutable(executable, archive, "tar.gz");
  const { size } = await Deno.stat(executable);
  assetOf(release.manifest)["binary"] = { path: "cco", sha256: await fileDigest(executable), size };
  await replaceArchive(release, folder, await Deno.readFile(archive));
}

async function replaceArchive(
  release: Published,
  folder: string,
  bytes: Uint8Array,
  { keepFacts = false }: { keepFacts?: boolean } = {},
): Promise<void> {
  const path = join(folder, "served");
  await Deno.writeFile(path, bytes);
  release.server.files.set(archiveName(release), path);
  if (keepFacts) return;
  Object.assign(assetOf(release.manifest), { sha256: await fileDigest(path), size: bytes.length });
}
