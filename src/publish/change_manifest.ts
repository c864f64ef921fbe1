/**
 * One change of a manifest: edit, number, date, sign, verify as a client, write.
 *
 * @module
 */

import { type Runtime, systemRuntime, writeDurably } from "../../machine.ts";
import { concatenate, toUtf8 } from "../bytes.ts";
import type { ManifestDocument } from "../manifest_schema.ts";
import { type SecretKey, signMessage } from "../minisign_secret.ts";
import { inFolder } from "../path.ts";
import type { SignedBytes } from "../trust.ts";
import {
  decideAsClient,
  MANIFEST_NAME,
  readManifest,
  readReleaseFolder,
  type ReleaseFolder,
} from "./release_folder.ts";
import { requireRoom } from "./signed_anew.ts";

/** How a change is published. */
export interface PublishOptions {
  /** Sign the manifest: as many as the newest root asks for. */
  readonly keys: readonly SecretKey[];
  /** For how long clients may rely on the manifest, in milliseconds; 90 days unless given. */
  readonly validity?: number | undefined;
  /** Says what would change, and changes nothing. Everything is checked as if. */
  readonly dryRun?: boolean | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/** What was published, or would have been. */
export interface Publication {
  /** What changed, one line each. */
  readonly changes: readonly string[];
  /** The files that were written, by their names in the release folder. */
  readonly files: readonly string[];
  /** The manifest's sequence. */
  readonly sequence: number;
  /** Until when clients rely on it. */
  readonly expires: string;
}

/** The edited document, and what was edited. */
export interface Edited {
  readonly document: ManifestDocument;
  readonly changes: readonly string[];
}

/** 90 days: long enough for a holiday, short enough that a frozen client shows. */
const VALIDITY = 90 * 24 * 60 * 60 * 1000;
/** The manifest is public. */
const MODE = 0o644;

/**
 * Changes the manifest of a release folder.
 *
 * Whenever it stops, the manifest in the folder has a valid signature: the new signature file, which for a moment holds
 * the old signatures too, is there before the new manifest. The same order is right for uploads.
 *
 * @param folder The folder's absolute path.
 * @param options How it is published.
 * @param edit Makes the new document. `now` is the moment of publication.
 * @returns What was published.
 * @throws {UpdateError} `MANIFEST_INVALID`, `UNTRUSTED` and others, when a client would refuse the result.
 * @throws {RangeError} When the manifest's sequence leaves no room for later ones.
 */
export async function changeManifest(
  folder: string,
  options: PublishOptions,
  edit: (document: ManifestDocument, now: number) => Edited,
): Promise<Publication> {
  const runtime = options.runtime ?? systemRuntime();
  const now = runtime.now();
  const before = await readReleaseFolder(runtime, folder);
  requireRoom(before.document, folder);
  const { document, changes } = edit(structuredClone(before.document), now);
  const dated = datedManifest(document, now, options.validity);
  readManifest(dated, folder);
  const manifest = await signManifest(dated, options.keys);
  await decideAsClient({ ...before, manifest }, now);
  if (!options.dryRun) await writeManifest(runtime, before, manifest);
  const files = [MANIFEST_NAME, `${MANIFEST_NAME}.minisig`];
  return { changes, files, sequence: dated.sequence, expires: dated.expires };
}

/**
 * A document as the next publication has it.
 *
 * @param document The document.
 * @param now The moment of publication.
 * @param validity For how long it holds, in milliseconds.
 * @returns The document with the next sequence and new dates.
 */
export function datedManifest(
  document: ManifestDocument,
  now: number,
  validity = VALIDITY,
): ManifestDocument & { sequence: number; expires: string } {
  return {
    ...document,
    sequence: (document.sequence ?? 0) + 1,
    issued: toTime(now),
    expires: toTime(now + validity),
  };
}

/**
 * Writes and signs a manifest.
 *
 * @param document The document; it has `app`, `sequence` and `expires`.
 * @param keys Who signs.
 * @returns The bytes to serve.
 */
export async function signManifest(
  document: ManifestDocument,
  keys: readonly SecretKey[],
): Promise<SignedBytes> {
  const bytes = toUtf8(JSON.stringify(document, undefined, 2) + "\n");
  const { app, sequence, expires } = document;
  const trustedComment = `cco-manifest/1 ${app} seq=${sequence} expires=${expires}`;
  return { bytes, signature: await signAll(bytes, keys, trustedComment) };
}

/**
 * Signs bytes with several keys.
 *
 * @param bytes The bytes.
 * @param keys Who signs.
 * @param trustedComment What the signatures are for.
 * @returns The signature file.
 */
export async function signAll(
  bytes: Uint8Array<ArrayBuffer>,
  keys: readonly SecretKey[],
  trustedComment: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: string[] = [];
  for (const key of keys) blocks.push(await signMessage(bytes, key, { trustedComment }));
  return toUtf8(blocks.join(""));
}

/** A moment as manifests have it, to the second. */
export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

async function writeManifest(runtime: Runtime, before: ReleaseFolder, after: SignedBytes): Promise<void> {
  const path = inFolder(before.path, MANIFEST_NAME);
  const write = (name: string, bytes: Uint8Array) => writeDurably(runtime, name, bytes, { mode: MODE });
  const [old, fresh] = [before.manifest.signature ?? new Uint8Array(), after.signature ?? new Uint8Array()];
  await write(`${path}.minisig`, concatenate(fresh, old));
  await write(path, after.bytes);
  await write(`${path}.minisig`, fresh);
}
