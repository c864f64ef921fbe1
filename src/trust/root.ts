/**
 * Roots: which keys may sign roots and manifests.
 *
 * @module
 */

import { toHex, toUtf8 } from "../bytes.ts";
import { parsePublicKey, type PublicKey } from "../minisign.ts";
import { field, isCount, isObject, type JsonObject, parseObject, parseTime } from "./document.ts";
import type { Role } from "./quorum.ts";

/** Who may sign what, until when. */
export interface Root {
  /** The program it is for. */
  readonly app: string;
  /** Its number in the chain. */
  readonly version: number;
  /** When it expires, in milliseconds since the epoch; `Infinity` for keys given without a root. */
  readonly expires: number;
  /** Who may sign the next root. */
  readonly root: Role;
  /** Who may sign manifests and files. */
  readonly manifest: Role;
}

/** What a program says about whom it trusts. */
export interface FirstRootOptions {
  /** The program's name, as its manifests give it in `app`: printable ASCII without spaces. */
  readonly app: string;
  /** The public keys that may sign, in minisign's form: `RW…`. A short form of a first root that never expires. */
  readonly keys?: readonly string[] | undefined;
  /** How many different {@link keys} must sign; 1 unless given. */
  readonly threshold?: number | undefined;
  /** The first root of the chain, as JSON text or as an object; used instead of {@link keys}. */
  readonly root?: string | object | undefined;
}

/**
 * The root that is compiled into the program, or the one that a list of keys stands for.
 *
 * @param options What the program was given.
 * @returns The root.
 * @throws {TypeError} When a key, the root or the name cannot be used.
 * @throws {RangeError} When the threshold is out of range.
 * @throws {SyntaxError} When the root is not JSON.
 */
export function firstRoot({ app, keys, threshold = 1, root }: FirstRootOptions): Root {
  if (!isApp(app)) throw new TypeError(`Cannot use the name ${JSON.stringify(app)}`);
  if (root !== undefined) {
    const first = readRoot(parseObject(toUtf8(typeof root === "string" ? root : JSON.stringify(root))));
    if (first.app === app) return first;
    throw badRoot(`it is for ${first.app}`);
  }
  if (!keys?.length) throw new TypeError(`Cannot verify ${app}: there are neither keys nor a root`);
  const role = createRole(keys, threshold);
  return { app, version: 1, expires: Infinity, root: role, manifest: role };
}

/**
 * Reads a root.
 *
 * @param document The parsed JSON object.
 * @returns The root.
 * @throws {TypeError} When it breaks a rule; the message says which.
 */
export function readRoot(document: JsonObject): Root {
  if (field(document, "type") !== "root") throw badRoot('"type" is not "root"');
  const app = field(document, "app");
  if (typeof app !== "string") throw badRoot('"app" is not a name');
  const version = field(document, "version");
  if (!isCount(version) || version < 1) throw badRoot('"version" is not from 1 on');
  const expires = parseTime(field(document, "expires"));
  if (expires === undefined) throw badRoot('"expires" is not a UTC time');
  const keys = objectAt(document, "keys"), roles = objectAt(document, "roles");
  const role = (name: string) => readRole(objectAt(roles, name), keys);
  return { app, version, expires, root: role("root"), manifest: role("manifest") };
}

/**
 * A role from keys and a threshold.
 *
 * @param keys The keys as text.
 * @param threshold How many of them must sign.
 * @returns The role, in which a key that was given twice, under whatever id, is there once.
 * @throws {TypeError} When a key cannot be used.
 * @throws {RangeError} When the threshold is not a whole number from 1 to the number of different keys (T11).
 */
export function createRole(keys: readonly string[], threshold: unknown): Role {
  const distinct = new Map(keys.map(parsePublicKey).map((key) => [toHex(key.bytes), key]));
  if (isCount(threshold) && threshold >= 1 && threshold <= distinct.size) {
    return { keys: [...distinct.values()], threshold };
  }
  throw new RangeError(`Cannot require ${JSON.stringify(threshold)} of ${distinct.size} different keys`);
}

/** Whether a text can name a program: printable ASCII without spaces, because it is a word of the trusted comment. */
export function isApp(app: string): boolean {
  return /^[!-~]{1,128}$/.test(app);
}

/**
 * The keys for manifests as the state remembers them.
 *
 * @param keys The keys.
 * @returns 64 hexadecimal digits for each, the same text for the same keys in any order and under any id.
 */
export function keyList(keys: readonly PublicKey[]): string {
  return keys.map(({ bytes }) => toHex(bytes)).sort().join(" ");
}

function readRole(role: JsonObject, keys: JsonObject): Role {
  const names = field(role, "keys");
  if (!Array.isArray(names)) throw badRoot('a role has no list of "keys"');
  const texts = names.map((name) => field(keys, String(name)));
  if (!texts.every((text) => typeof text === "string")) {
    throw badRoot("a role names a key that it does not have");
  }
  return createRole(texts, field(role, "threshold"));
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = field(object, name);
  if (isObject(value)) return value;
  throw badRoot(`"${name}" is not an object`);
}

/** The error of a root that breaks a rule. */
export function badRoot(why: string): TypeError {
  return new TypeError(`Cannot use the root: ${why}`);
}
