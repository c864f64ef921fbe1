/**
 * Signed manifests and roots for tests, with keys that are the same in every run.
 *
 * @module
 */

import { generateKey, type SecretKey, signMessage } from "../../src/minisign_secret.ts";
import type { SignedBytes } from "../../src/trust.ts";

/** The "now" of tests. */
export const NOW = Date.parse("2026-01-15T12:00:00Z");
/** The program of tests. */
export const APP = "demo";

/** How a document is signed. */
export interface SigningOptions {
  /** The trusted comment; the one the protocol asks for unless given. */
  readonly comment?: string;
  /** Whether the digest is signed (`ED`); true unless given. */
  readonly prehashed?: boolean;
}

/**
 * A key pair, always the same for the same number.
 *
 * @param number Which one, from 0 to 255.
 */
export async function testKey(number: number): Promise<SecretKey> {
  return await generateKey((bytes) => new Uint8Array(bytes).fill(number));
}

/**
 * The text of a manifest that passes all trust rules at {@link NOW}.
 *
 * @param fields Fields to add or replace; `undefined` removes one.
 */
export function manifestText(fields: Readonly<Record<string, unknown>> = {}): string {
  const document = {
    schema: 1,
    app: APP,
    sequence: 5,
    issued: "2026-01-15T00:00:00Z",
    expires: "2026-04-15T00:00:00Z",
    latest: { stable: "1.2.0" },
    versions: { "1.2.0": { platforms: {} } },
    ...fields,
  };
  return JSON.stringify(document, null, 2) + "\n";
}

/**
 * Signs a manifest.
 *
 * @param text Its text.
 * @param keys Who signs, in this order.
 */
export async function signManifest(
  text: string,
  keys: readonly SecretKey[],
  options: SigningOptions = {},
): Promise<SignedBytes> {
  const { app, sequence, expires } = JSON.parse(text);
  return await signText(text, keys, {
    comment: `cco-manifest/1 ${app} seq=${sequence} expires=${expires}`,
    ...options,
  });
}

/** What {@link rootText} writes down. */
export interface RootFields {
  readonly version: number;
  readonly rootKeys: readonly SecretKey[];
  readonly rootThreshold?: unknown;
  readonly manifestKeys: readonly SecretKey[];
  readonly manifestThreshold?: unknown;
  readonly expires?: string;
  readonly app?: string;
}

/** The text of a root. */
export function rootText(fields: RootFields): string {
  const name = (key: SecretKey) => `key ${key.publicKey.id}`;
  const all = [...fields.rootKeys, ...fields.manifestKeys];
  return JSON.stringify({
    type: "root",
    app: fields.app ?? APP,
    version: fields.version,
    expires: fields.expires ?? "2027-01-01T00:00:00Z",
    keys: Object.fromEntries(all.map((key) => [name(key), key.publicKey.text])),
    roles: {
      root: { keys: fields.rootKeys.map(name), threshold: fields.rootThreshold ?? 1 },
      manifest: { keys: fields.manifestKeys.map(name), threshold: fields.manifestThreshold ?? 1 },
    },
  });
}

/**
 * Signs a root.
 *
 * @param text Its text.
 * @param keys Who signs: the keys of the root before it and its own.
 */
export async function signRoot(
  text: string,
  keys: readonly SecretKey[],
  options: SigningOptions = {},
): Promise<SignedBytes> {
  const { app, version } = JSON.parse(text);
  return await signText(text, keys, { comment: `cco-root/1 ${app} ${version}`, ...options });
}

/** Signs any text with a trusted comment. */
export async function signText(
  text: string,
  keys: readonly SecretKey[],
  { comment, prehashed = true }: SigningOptions & { readonly comment: string },
): Promise<SignedBytes> {
  const bytes = new TextEncoder().encode(text);
  const blocks = [];
  for (const key of keys) blocks.push(await signMessage(bytes, key, { trustedComment: comment, prehashed }));
  return { bytes, signature: new TextEncoder().encode(blocks.join("")) };
}
