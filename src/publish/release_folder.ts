/**
 * A release folder: what a publisher serves, `version-manifest.json` and the roots, each with its signature file.
 *
 * @module
 */

import { readFile, type Runtime } from "../../machine.ts";
import { fromUtf8 } from "../bytes.ts";
import { MANIFEST_BYTES, ROOT_BYTES, SIGNATURE_BYTES } from "../limits.ts";
import { type Manifest, parseManifest } from "../manifest.ts";
import type { ManifestDocument } from "../manifest_schema.ts";
import { inFolder } from "../path.ts";
import { signedBy, type SignedBytes, type TrustOutcome } from "../trust.ts";

/** The manifest's name. */
export const MANIFEST_NAME = "version-manifest.json";

/** What is in a release folder. */
export interface ReleaseFolder {
  /** Its absolute path. */
  readonly path: string;
  /** The manifest with its signature file. */
  readonly manifest: SignedBytes;
  /** The manifest's document. */
  readonly document: ManifestDocument;
  /** The program. */
  readonly app: string;
  /** The roots from number 1 on. */
  readonly roots: readonly SignedBytes[];
}

/**
 * Reads a release folder. Nothing in it is verified.
 *
 * @param runtime The machine.
 * @param path Its absolute path.
 * @returns What is in it.
 * @throws {TypeError} When it has no manifest, no first root, or the manifest names no program.
 * @throws {UpdateError} `MANIFEST_INVALID`.
 */
export async function readReleaseFolder(runtime: Runtime, path: string): Promise<ReleaseFolder> {
  const manifest = await readSigned(runtime, inFolder(path, MANIFEST_NAME), MANIFEST_BYTES);
  if (!manifest) throw new TypeError(`Cannot use ${path}: it has no ${MANIFEST_NAME}`);
  const document: ManifestDocument = JSON.parse(fromUtf8(manifest.bytes));
  readManifest(document, path);
  if (document.app === undefined) throw new TypeError(`Cannot use ${path}: its manifest names no app`);
  const roots: SignedBytes[] = [];
  for (;;) {
    const root = await readSigned(runtime, inFolder(path, rootName(roots.length + 1)), ROOT_BYTES);
    if (!root) break;
    roots.push(root);
  }
  if (roots.length === 0) throw new TypeError(`Cannot use ${path}: it has no ${rootName(1)}`);
  return { path, manifest, document, app: document.app, roots };
}

/** The name of a root. */
export function rootName(version: number): string {
  return `${version}.root.json`;
}

/**
 * Reads a manifest's document as a client does.
 *
 * @param document The document.
 * @param source What messages call it.
 * @param base Where it is served, for addresses that are relative to it.
 * @returns The manifest, with a verdict that nobody vouches for it.
 * @throws {UpdateError} `MANIFEST_INVALID`, `MANIFEST_TOO_NEW`.
 */
export function readManifest(
  document: unknown,
  source: string,
  base: string = `file:///${MANIFEST_NAME}`,
): Manifest {
  return parseManifest(document, { source, base, trust: { signed: false, keyIds: [] } });
}

/**
 * Decides about a release folder as a client does that has the first root compiled in and nothing in its state.
 *
 * @param folder The folder.
 * @param now This moment, in milliseconds since the epoch.
 * @param compiledIn The first root as clients have it, as text; the folder's own unless given.
 * @returns The client's decision.
 * @throws {UpdateError} What the client would say.
 */
export async function decideAsClient(
  { path, manifest, app, roots }: Pick<ReleaseFolder, "path" | "manifest" | "app" | "roots">,
  now: number,
  compiledIn?: string,
): Promise<TrustOutcome> {
  const [first] = roots;
  if (!first) throw new TypeError(`Cannot verify ${path}: it has no ${rootName(1)}`);
  const policy = signedBy({ app, root: compiledIn ?? fromUtf8(first.bytes) });
  const fetchRoot = (version: number) => Promise.resolve(roots[version - 1]);
  return await policy.verify({ ...manifest, source: path }, { now, state: undefined, fetchRoot });
}

async function readSigned(runtime: Runtime, path: string, limit: number): Promise<SignedBytes | undefined> {
  const bytes = await readFile(runtime.fs, path, limit);
  return bytes && { bytes, signature: await readFile(runtime.fs, `${path}.minisig`, SIGNATURE_BYTES) };
}
