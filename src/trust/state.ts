/**
 * What the trust rules remember from one check to the next.
 *
 * @module
 */

import { fromBase64, toBase64 } from "../bytes.ts";
import { STATE_BYTES } from "../limits.ts";
import type { SignedBytes } from "./policy.ts";

/** What the trust rules remember. It can only narrow what is accepted: every root in it is verified again. */
export interface TrustState {
  /** The highest root version seen. */
  readonly rootVersion: number;
  /** The roots after the compiled-in one, with their signatures; empty when they are too large to keep. */
  readonly roots: readonly SignedBytes[];
  /** The manifest with the highest sequence seen, if any was accepted. */
  readonly manifest: SeenManifest | undefined;
}

/** What is remembered of a manifest. */
export interface SeenManifest {
  /** Its sequence: no lower one is accepted afterwards (T2). */
  readonly sequence: number;
  /** Its SHA-256 digest: another document of the same sequence is an attack (T2). */
  readonly sha256: string;
  /** The fingerprint of the keys that could sign it: with other keys the sequence starts again (T4). */
  readonly keys: string;
}

const VERSION = 1;

/**
 * Reads the state file.
 *
 * @param bytes Its bytes, or `undefined` when there is none.
 * @returns The state, and whether the file is there but unusable. Unusable state counts as none: what is compiled into
 *   the program still holds (T35).
 */
export function parseTrustState(
  bytes: Uint8Array | undefined,
): { state: TrustState | undefined; damaged: boolean } {
  if (bytes === undefined) return { state: undefined, damaged: false };
  const state = bytes.length > STATE_BYTES ? undefined : readState(bytes);
  return { state, damaged: state === undefined };
}

/**
 * The bytes of a state file.
 *
 * @param state The state.
 * @returns JSON, at most {@link STATE_BYTES} long.
 */
export function serialiseTrustState(state: TrustState): Uint8Array<ArrayBuffer> {
  const roots = state.roots.map(({ bytes, signature }) => ({
    bytes: toBase64(bytes),
    signature: toBase64(signature ?? new Uint8Array()),
  }));
  const whole = encode({ version: VERSION, rootVersion: state.rootVersion, roots, manifest: state.manifest });
  // Roots can be fetched again; `rootVersion` still forbids going back to older ones.
  return whole.length <= STATE_BYTES ? whole : serialiseTrustState({ ...state, roots: [] });
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value) + "\n");
}

function readState(bytes: Uint8Array): TrustState | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isRecord(value) || value["version"] !== VERSION || !isCount(value["rootVersion"])) return undefined;
    if (!Array.isArray(value["roots"])) return undefined;
    const roots = value["roots"].map(readRoot);
    const manifest = value["manifest"] === undefined ? undefined : readManifest(value["manifest"]);
    return { rootVersion: value["rootVersion"], roots, manifest };
  } catch {
    return undefined;
  }
}

function readRoot(value: unknown): SignedBytes {
  const bytes = isRecord(value) ? fromBase64(String(value["bytes"])) : undefined;
  const signature = isRecord(value) ? fromBase64(String(value["signature"])) : undefined;
  if (!bytes || !signature) throw new SyntaxError("not a root");
  return { bytes, signature };
}

function readManifest(value: unknown): SeenManifest {
  const { sequence, sha256, keys } = isRecord(value) ? value : {};
  if (!isCount(sequence) || !isDigest(sha256) || !isDigest(keys)) throw new SyntaxError("not a manifest");
  return { sequence, sha256, keys };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isDigest(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
