/**
 * What the trust rules remember from one check to the next.
 *
 * @module
 */

import { fromBase64, toBase64, toUtf8 } from "../bytes.ts";
import { STATE_BYTES } from "../limits.ts";
import { field, isCount, type JsonObject, parseObject } from "./document.ts";
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
  /** The keys that could sign it, in hexadecimal: when one of them is withdrawn the sequence starts again (T4). */
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
  const whole = toUtf8(JSON.stringify({ version: VERSION, ...state, roots }) + "\n");
  // Roots can be fetched again; `rootVersion` still forbids going back to older ones.
  return whole.length <= STATE_BYTES ? whole : serialiseTrustState({ ...state, roots: [] });
}

/** `undefined` for whatever is not a state. Where an object is expected, anything else throws or lacks its fields. */
function readState(bytes: Uint8Array): TrustState | undefined {
  try {
    const object = parseObject(bytes);
    const rootVersion = field(object, "rootVersion"), roots = field(object, "roots");
    if (field(object, "version") !== VERSION || !isCount(rootVersion) || !Array.isArray(roots)) {
      return undefined;
    }
    return { rootVersion, roots: roots.map(readRoot), manifest: readManifest(field(object, "manifest")) };
  } catch {
    return undefined;
  }
}

function readRoot(value: JsonObject): SignedBytes {
  const bytes = fromBase64(String(value["bytes"])), signature = fromBase64(String(value["signature"]));
  if (bytes && signature) return { bytes, signature };
  throw new SyntaxError();
}

function readManifest(value: unknown): SeenManifest | undefined {
  if (value === undefined) return undefined;
  const { sequence, sha256, keys } = value as JsonObject;
  if (isCount(sequence) && typeof sha256 === "string" && typeof keys === "string") {
    return { sequence, sha256, keys };
  }
  throw new SyntaxError();
}
