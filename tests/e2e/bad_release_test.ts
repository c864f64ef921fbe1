/** Releases that must not be installed: the contract's message and exit code, and nothing on disk has changed. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";

interface BadRelease {
  /** What is wrong with it. */
  readonly what: string;
  /** Spoils the good release; the manifest is signed anew afterwards. */
  readonly spoil: (release: Published, folder: string) => void | Promise<void>;
  /** How the line on standard error begins. */
  readonly message: string;
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
    exit: 5,
  },
  {
    what: "an archive that ends in the middle",
    spoil: async (release, folder) => {
      const bytes = await Deno.readFile(archiveOf(release));
      await replaceArchive(release, folder, bytes.subarray(0, bytes.length >> 1), { keepFacts: true });
    },
    message: "Checksum verification failed",
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
    exit: 5,
  },
  {
    what: "a program that ends with an error",
    spoil: async (release, folder) => await repackScript(release, folder, "exit 3"),
    message: "New binary verification failed",
    exit: 5,
  },
  {
    what: "a program that says it is another version",
    spoil: async (release, folder) => await repackScript(release, folder, "echo cco 1.0.0"),
    message: "New binary verification failed",
    exit: 5,
  },
  {
    what: "no file for this platform",
    spoil: ({ manifest }) => {
      manifest.versions[NEW]!.platforms = { "plan9-mips": assetOf(manifest) };
    },
    message: "No release asset found for platform",
    exit: 5,
  },
  {
    what: "a manifest that has expired",
    spoil: ({ manifest }) => {
      manifest["expires"] = "2025-01-01T00:00:00Z";
    },
    message: "Signature verification failed",
    exit: 5,
  },
  {
    what: "a manifest of another program",
    spoil: ({ manifest }) => {
      manifest["app"] = "other";
    },
    message: "Signature verification failed",
    exit: 5,
  },
];

for (const { what, spoil, message, exit } of RELEASES) {
  test(`a compiled cco does not install ${what}`, { skip: skipReason() }, async (t) => {
    const release = await published(t);
    await spoil(release, await temporaryFolder(t));
    await publishManifest(release.server, release.manifest, RELEASE_KEY);
    await checkRefusal(release, message, exit);
  });
}

test("a compiled cco does not install from a manifest without a signature", async (t) => {
  const release = await published(t);
  release.server.files.delete("version-manifest.json.minisig");
  await checkRefusal(release, "Signature verification failed", 5);
});

test("a compiled cco says so when no server answers", async (t) => {
  const release = await published(t);
  const { home, server } = release;
  await server[Symbol.asyncDispose]();
  await checkRefusal({ ...release, home }, "Could not check for updates", 4);
});

function skipReason(): string | false {
  return Deno.build.os === "windows" ? "some of the programs are shell scripts" : false;
}

async function checkRefusal({ home, old }: Published, message: string, exit: number): Promise<void> {
  const { code, stderr } = await home.run("update", "--yes");
  assert.equal(stderr.slice(0, message.length), message, stderr);
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
