import { type Runtime, systemRuntime } from "../../machine.ts";
import { digestOf } from "../digest.ts";
import type { Asset } from "../manifest.ts";
import { inFolder, nameOf } from "../path.ts";
import { decideAsClient, readManifest, readReleaseFolder } from "./release_folder.ts";
import { fetchRelease, isAddress, type ServedRelease } from "./served_release.ts";

/** Options of {@link verify} and its like. */
export interface VerifyOptions {
  /**
   * The first root as it is compiled into clients, as text. Unless given it is the one beside the manifest, and what is
   * found is only that the release agrees with itself.
   */
  readonly root?: string | undefined;
  /** A token for GitHub's API, for releases there. */
  readonly githubToken?: string | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
  /** Ends the verification. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link verify} found. */
export interface Verified {
  /** The ids of the keys that vouch for the manifest. */
  readonly keyIds: readonly string[];
  /** The number of the newest root. */
  readonly root: number;
  /** The manifest's sequence. */
  readonly sequence: number | undefined;
  /** Until when it holds, in milliseconds since the epoch. */
  readonly expires: number | undefined;
}

/** A file of a release, and whether it is what the manifest says. */
export interface VerifiedFile {
  /** Its name. */
  readonly name: string;
  /** The version and the platform it is for. */
  readonly version: string;
  /** The platform. */
  readonly platform: string;
  /** `good`, or what is wrong. */
  readonly verdict: "good" | "missing" | "other size" | "other digest";
}

/**
 * Verifies a release as a client does that has the first root compiled in and has seen nothing yet.
 *
 * @param release The release folder's absolute path, or the address of a manifest, `https://…` or `github:owner/repo`.
 * @param options The first root and the machine.
 * @returns Who vouches for it, and until when.
 * @throws {UpdateError} What the client would say.
 * @throws {TypeError} When there is no release, or the root cannot be used.
 */
export async function verify(release: string, options: VerifyOptions = {}): Promise<Verified> {
  const { manifest, root } = await verifiedRelease(release, options);
  const { trust, sequence, expires } = manifest;
  return { keyIds: trust.keyIds, root, sequence, expires };
}

/**
 * Compares a folder of release files with what a verified manifest says of them.
 *
 * @param release As for {@link verify}.
 * @param assets The absolute path of the folder with the files.
 * @param version The version.
 * @param options The machine.
 * @returns Each file that the manifest names for the version.
 * @throws {RangeError} When the manifest does not have the version.
 * @throws {UpdateError} When a client would refuse the manifest.
 */
export async function verifyAssets(
  release: string,
  assets: string,
  version: string,
  options: VerifyOptions = {},
): Promise<VerifiedFile[]> {
  const runtime = options.runtime ?? systemRuntime();
  const { manifest } = await verifiedRelease(release, options);
  const named = manifest.versions.get(version);
  if (!named) throw new RangeError(`Cannot verify ${version}: the manifest does not have it`);
  const files: VerifiedFile[] = [];
  for (const [platform, asset] of named.assets) {
    const name = decodeURIComponent(nameOf(new URL(asset.urls[0]!).pathname));
    const verdict = await compare(runtime, inFolder(assets, name), asset, options);
    files.push({ name, version, platform, verdict });
  }
  return files;
}

/**
 * Tells which published executable a file is, by its digest in a verified manifest.
 *
 * @param release As for {@link verify}.
 * @param executable The executable's absolute path.
 * @param options The machine.
 * @returns Its version and platform, or `undefined` when the manifest has no such executable.
 * @throws {UpdateError} When a client would refuse the manifest.
 * @throws {FileError} When the file cannot be read.
 */
export async function verifyExecutable(
  release: string,
  executable: string,
  options: VerifyOptions = {},
): Promise<{ version: string; platform: string } | undefined> {
  const runtime = options.runtime ?? systemRuntime();
  const { manifest } = await verifiedRelease(release, options);
  const found = await digestFile(runtime, executable, options);
  for (const [version, { assets }] of manifest.versions) {
    for (const [platform, { binary }] of assets) {
      if (binary?.sha256 === found.sha256 && binary.size === found.size) return { version, platform };
    }
  }
  return undefined;
}

async function verifiedRelease(place: string, options: VerifyOptions): Promise<ServedRelease> {
  if (isAddress(place)) return await fetchRelease(place, options);
  const runtime = options.runtime ?? systemRuntime();
  const folder = await readReleaseFolder(runtime, place);
  const { document, verdict } = await decideAsClient(folder, runtime.now(), options.root);
  return { manifest: { ...readManifest(document, place), trust: verdict }, root: folder.roots.length };
}

async function compare(
  runtime: Runtime,
  path: string,
  { size, sha256 }: Asset,
  options: VerifyOptions,
): Promise<VerifiedFile["verdict"]> {
  if (await runtime.fs.stat(path) === undefined) return "missing";
  const found = await digestFile(runtime, path, options);
  if (size !== undefined && found.size !== size) return "other size";
  return found.sha256 === sha256 ? "good" : "other digest";
}

async function digestFile(
  runtime: Runtime,
  path: string,
  { signal }: VerifyOptions,
): Promise<{ sha256: string; size: number }> {
  const file = await runtime.fs.open(path, { access: "read" });
  try {
    const { size } = await file.stat();
    const source = { readAt: (offset: number, into: Uint8Array) => file.readAt(offset, into), size };
    return { sha256: await digestOf(source, signal ? { signal } : {}), size };
  } finally {
    file.close();
  }
}
