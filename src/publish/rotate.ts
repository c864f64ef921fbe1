import { type Runtime, systemRuntime, writeDurably } from "../../machine.ts";
import { concatenate, fromUtf8, toUtf8 } from "../bytes.ts";
import { parsePublicKey, parseSignatures } from "../minisign.ts";
import type { SecretKey } from "../minisign_secret.ts";
import { inFolder } from "../path.ts";
import type { SignedBytes } from "../trust.ts";
import { datedManifest, signAll, signManifest, toTime } from "./change_manifest.ts";
import {
  decideAsClient,
  MANIFEST_NAME,
  readReleaseFolder,
  type ReleaseFolder,
  rootName,
} from "./release_folder.ts";
import { requireRoom, type SignedAnew, signedAnew, signedAnewLine } from "./signed_anew.ts";

/** The keys of a role, as text, and how many of them must sign. */
export interface RoleKeys {
  /** The public keys. */
  readonly keys: readonly string[];
  /** How many different ones must sign; 1 unless given. */
  readonly threshold?: number | undefined;
}

/** Options of {@link rotate}. */
export interface RotateOptions {
  /** Who may sign the root after the new one; as before unless given. */
  readonly root?: RoleKeys | undefined;
  /** Who may sign manifests from now on; as before unless given. */
  readonly manifest?: RoleKeys | undefined;
  /** Sign the new root: enough of the newest root's root keys, and enough of the new one's. */
  readonly rootKeys: readonly SecretKey[];
  /** Sign the manifest that is there once more: enough of the new keys for manifests, none when those stay. */
  readonly manifestKeys: readonly SecretKey[];
  /** For how long the new root holds, in milliseconds; a year unless given. */
  readonly validity?: number | undefined;
  /** Says what would change, and changes nothing. Everything is checked as if. */
  readonly dryRun?: boolean | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/** What {@link rotate} did, or would have done. */
export interface Rotation {
  /** What changed, one line each. */
  readonly changes: readonly string[];
  /** The files that were written, by their names in the release folder. */
  readonly files: readonly string[];
  /** The new root's number. */
  readonly version: number;
  /** The manifest that {@link RotateOptions.manifestKeys} vouch for from now on; `undefined` when there are none. */
  readonly manifest: SignedAnew | undefined;
}

interface RootDocument {
  type: "root";
  app: string;
  version: number;
  expires: string;
  keys: Record<string, string>;
  roles: Record<"root" | "manifest", { keys: string[]; threshold: number }>;
}

const YEAR = 365 * 24 * 60 * 60 * 1000;

/**
 * Publishes the next root: other keys, or only a later expiry.
 *
 * The manifest stays as it is and gets signatures by the new keys beside the old ones, so that clients which have not
 * seen the new root accept it as well as those that have. The next change of the manifest is signed by the new keys only.
 * A manifest that has expired is accepted by nobody any more and is replaced by one with new dates, signed by the new keys.
 *
 * The new keys vouch for the manifest that lies in the folder, whoever put it there: after a theft restore the last good
 * one first, and compare it with {@link Rotation.manifest}.
 *
 * @param folder The release folder's absolute path.
 * @param options The new keys, and who signs.
 * @returns What changed.
 * @throws {UpdateError} `UNTRUSTED` when a client would refuse the result: signatures are missing, or a key is weak.
 * @throws {RangeError} When the manifest's sequence leaves no room for later ones, as a thief's would.
 */
export async function rotate(folder: string, options: RotateOptions): Promise<Rotation> {
  const runtime = options.runtime ?? systemRuntime();
  const now = runtime.now();
  const before = await readReleaseFolder(runtime, folder);
  requireRoom(before.document, folder);
  const old: RootDocument = JSON.parse(fromUtf8(before.roots.at(-1)!.bytes));
  const { keys, roles } = withKeys(old, options);
  const version = old.version + 1;
  const document = { ...old, version, expires: toTime(now + (options.validity ?? YEAR)), keys, roles };
  const root = await signRoot(document, options.rootKeys);
  const manifest = await currentManifest(before, options.manifestKeys, now);
  await decideAsClient({ ...before, manifest, roots: [...before.roots, root] }, now);
  const name = rootName(version);
  // A root without its signature stops clients: the signature goes first, and the manifest's before both.
  const files: [name: string, bytes: Uint8Array | undefined][] = [
    [`${MANIFEST_NAME}.minisig`, manifest.signature],
    ...manifest.bytes === before.manifest.bytes
      ? []
      : [[MANIFEST_NAME, manifest.bytes] as [string, Uint8Array]],
    [`${name}.minisig`, root.signature],
    [name, root.bytes],
  ];
  for (const [file, bytes] of options.dryRun ? [] : files) {
    await writeDurably(runtime, inFolder(folder, file), bytes ?? new Uint8Array(), { mode: 0o644 });
  }
  const anew = options.manifestKeys.length > 0 ? await signedAnew(manifest) : undefined;
  const changes = [...anew ? [signedAnewLine(anew)] : [], `root ${version}: ${shown(old, { keys, roles })}`];
  return { changes, files: files.map(([file]) => file), version, manifest: anew };
}

/**
 * The text of a root with its signatures.
 *
 * @param document The root.
 * @param keys Who signs.
 * @returns The bytes to serve.
 */
export async function signRoot(document: RootDocument, keys: readonly SecretKey[]): Promise<SignedBytes> {
  const bytes = toUtf8(JSON.stringify(document, undefined, 2) + "\n");
  const comment = `cco-root/1 ${document.app} ${document.version}`;
  return { bytes, signature: await signAll(bytes, keys, comment) };
}

/**
 * The keys of a root and who may do what with them. A key is named by itself: names are for people, and differ from
 * key to key this way.
 *
 * @param old The root before; what is not given stays as there.
 * @param roles The roles.
 */
export function withKeys(
  old: Pick<RootDocument, "keys" | "roles"> | undefined,
  { root, manifest }: { root?: RoleKeys | undefined; manifest?: RoleKeys | undefined },
): Pick<RootDocument, "keys" | "roles"> {
  const kept = (name: "root" | "manifest"): RoleKeys => {
    const role = old?.roles[name];
    return { keys: role?.keys.map((key) => old?.keys[key] ?? key) ?? [], threshold: role?.threshold };
  };
  const roles = { root: root ?? kept("root"), manifest: manifest ?? kept("manifest") };
  const all = [...roles.root.keys, ...roles.manifest.keys];
  const role = ({ keys, threshold = 1 }: RoleKeys) => ({ keys: [...keys], threshold });
  return {
    keys: Object.fromEntries(all.map((key) => [key, key])),
    roles: { root: role(roles.root), manifest: role(roles.manifest) },
  };
}

async function currentManifest(
  before: ReleaseFolder,
  keys: readonly SecretKey[],
  now: number,
): Promise<SignedBytes> {
  const { document } = before;
  if (Date.parse(document.expires ?? "") > now) return await withSignatures(before, keys);
  return await signManifest(datedManifest(document, now), keys);
}

async function withSignatures(
  { document, manifest }: ReleaseFolder,
  keys: readonly SecretKey[],
): Promise<SignedBytes> {
  const { app, sequence, expires } = document;
  const comment = `cco-manifest/1 ${app} seq=${sequence} expires=${expires}`;
  const fresh = await signAll(manifest.bytes, keys, comment);
  const ids = new Set(keys.map(({ publicKey }) => publicKey.id));
  return { ...manifest, signature: concatenate(fresh, withoutKeys(manifest.signature, ids)) };
}

/** A signature file without the blocks of some keys, which would stand there twice. */
function withoutKeys(file: Uint8Array | undefined, ids: ReadonlySet<string>): Uint8Array {
  if (file === undefined) return new Uint8Array();
  const lines = fromUtf8(file).split("\n");
  const kept = parseSignatures(file).flatMap(({ keyId }, index) =>
    ids.has(keyId) ? [] : [...lines.slice(4 * index, 4 * index + 4), ""].join("\n")
  );
  return toUtf8(kept.join(""));
}

type Roles = Pick<RootDocument, "keys" | "roles">;

function shown(old: Roles, fresh: Roles): string {
  const [before, after] = [shownRoles(old), shownRoles(fresh)];
  return before === after ? `${after}; nothing but its expiry is new` : after;
}

function shownRoles({ keys, roles }: Roles): string {
  return (["root", "manifest"] as const).map((name) => {
    const role = roles[name];
    const ids = role.keys.map((key) => parsePublicKey(keys[key] ?? key).id).sort();
    return `${name} ${role.threshold} of ${ids.length} (${ids.join(", ")})`;
  }).join(", ");
}
