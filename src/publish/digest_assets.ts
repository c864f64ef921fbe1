/**
 * What a manifest says about a release's files, read from the files themselves.
 *
 * @module
 */

import { type OpenFile, readFile, type Runtime } from "../../machine.ts";
import { extractFile } from "../archive.ts";
import { formatOf } from "../archive_format.ts";
import { fromUtf8 } from "../bytes.ts";
import { createDigest, digestOf } from "../digest.ts";
import { isUpdateError } from "../errors.ts";
import { CHECKSUMS_BYTES, UNSIZED_BYTES } from "../limits.ts";
import type { AssetDocument } from "../manifest_schema.ts";
import { inFolder } from "../path.ts";
import { canonicalTarget } from "../target.ts";

/** What to look for. */
export interface AssetsOptions {
  /** The program: the beginning of every file's name, and the executable's name inside. */
  readonly app: string;
  /** The version: `<app>-v<version>-<platform>.tar.gz`. */
  readonly version: string;
  /** What comes before a file's name in its address; empty for addresses beside the manifest. */
  readonly url: string;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found. */
export interface DigestedAssets {
  /** The assets by platform. */
  readonly assets: Readonly<Record<string, AssetDocument>>;
  /** Files of the version for a platform that nobody knows, such as a misspelt one. */
  readonly ignored: readonly string[];
}

/** What lies beside archives and is none. */
const BESIDE = /\.(?:minisig|asc|sig|sha\d+|md5|json|txt|md|pem|crt)$/;

/**
 * Reads the files of a version in a folder: sizes and digests of each archive and of the executable inside.
 *
 * @param runtime The machine.
 * @param folder The folder's absolute path.
 * @param options What to look for.
 * @returns The assets, and what was left out.
 * @throws {TypeError} When there is none, two are for one platform, or `checksums.sha256` disagrees.
 * @throws {UpdateError} `ARCHIVE_INVALID`, `BINARY_NOT_FOUND` and others, as a client would say.
 */
export async function digestAssets(
  runtime: Runtime,
  folder: string,
  options: AssetsOptions,
): Promise<DigestedAssets> {
  const prefix = `${options.app}-v${options.version}-`;
  const names = (await runtime.fs.list(folder)).filter((name) => name.startsWith(prefix)).sort();
  const checksums = await readChecksums(runtime, folder);
  const assets: Record<string, AssetDocument> = {};
  const ignored = names.filter((name) =>
    !BESIDE.test(name) && platformOf(name.slice(prefix.length)) === undefined
  );
  for (const name of names) {
    options.signal?.throwIfAborted();
    const platform = platformOf(name.slice(prefix.length));
    if (platform === undefined) continue;
    if (platform in assets) throw new TypeError(`Cannot add ${name}: there is another file for ${platform}`);
    assets[platform] = await digestAsset(runtime, inFolder(folder, name), name, platform, options);
    const listed = checksums.get(name);
    if (listed !== undefined && listed !== assets[platform].sha256) {
      throw new TypeError(`Cannot add ${name}: checksums.sha256 has another digest for it`);
    }
  }
  if (Object.keys(assets).length > 0) return { assets, ignored };
  const known = ignored.length > 0 ? `; it has ${ignored.join(", ")}, for no platform that is known` : "";
  throw new TypeError(
    `Cannot add ${options.version}: ${folder} has no file named ${prefix}<platform>…${known}`,
  );
}

/** The platform that the rest of a file's name stands for; `undefined` for signatures, checksums and the like. */
function platformOf(rest: string): string | undefined {
  const match = /^(.+?)(\.tar\.gz|\.tgz|\.zip|\.gz|\.br|\.exe)?$/.exec(rest);
  const name = match?.[1] ?? rest;
  const platform = canonicalTarget(name);
  return /^(linux|darwin|windows)-(x86_64|aarch64|arm64)(-musl)?$/.test(platform) ? platform : undefined;
}

async function digestAsset(
  runtime: Runtime,
  path: string,
  name: string,
  platform: string,
  { app, url, signal }: AssetsOptions,
): Promise<AssetDocument> {
  const file = await runtime.fs.open(path, { access: "read" });
  try {
    const { size } = await file.stat();
    const source = { readAt: (offset: number, into: Uint8Array) => file.readAt(offset, into), size };
    const sha256 = await digestOf(source, signal ? { signal } : {});
    const plain = platform.startsWith("windows-") ? `${app}.exe` : app;
    const binary = await digestBinary(file, size, name, plain, signal);
    return { url: url + name, sha256, size, binary };
  } finally {
    file.close();
  }
}

async function digestBinary(
  file: OpenFile,
  size: number,
  name: string,
  plain: string,
  signal: AbortSignal | undefined,
): Promise<NonNullable<AssetDocument["binary"]>> {
  const format = formatOf(name);
  const stem = name.replace(/\.(tar\.gz|tgz|zip)$/, "");
  const source = { readAt: (offset: number, into: Uint8Array) => file.readAt(offset, into), size };
  for (const entry of [plain, `${stem}/${plain}`]) {
    const digest = await createDigest();
    let bytes = 0;
    try {
      const limits = { maxBytes: UNSIZED_BYTES, ...(signal ? { signal } : {}) };
      const options = { format, entry, archive: name, ...limits };
      for await (const chunk of extractFile(source, options)) {
        digest.update(chunk);
        bytes += chunk.length;
      }
      return { path: entry, sha256: digest.hex(), size: bytes };
    } catch (error) {
      const isElsewhere = isUpdateError(error) && error.code === "BINARY_NOT_FOUND" && entry === plain;
      if (!isElsewhere) throw error;
    }
  }
  throw new TypeError(`Cannot add ${name}: it has no ${plain}`);
}

/** `checksums.sha256` in the form of `sha256sum`, if it is there. */
async function readChecksums(runtime: Runtime, folder: string): Promise<Map<string, string>> {
  const bytes = await readFile(runtime.fs, inFolder(folder, "checksums.sha256"), CHECKSUMS_BYTES);
  const lines = bytes ? fromUtf8(bytes).split(/\r?\n/) : [];
  const digests = lines.flatMap((line) => /^([0-9a-fA-F]{64}) [ *](.+)$/.exec(line) ?? []);
  const map = new Map<string, string>();
  for (let at = 0; at < digests.length; at += 3) map.set(digests[at + 2]!, digests[at + 1]!.toLowerCase());
  return map;
}
