import {
  createDurably,
  type OpenFile,
  readFile,
  type Runtime,
  systemRuntime,
  writeDurably,
} from "../../machine.ts";
import { concatenate, fromUtf8, toUtf8 } from "../bytes.ts";
import { chunksOf } from "../digest.ts";
import { MANIFEST_BYTES, SIGNATURE_BYTES } from "../limits.ts";
import { parseSignatures } from "../minisign.ts";
import { type SecretKey, signDigest } from "../minisign_secret.ts";
import { nameOf } from "../path.ts";

/** Options of {@link sign}. */
export interface SignFileOptions {
  /** The program the file is for. */
  readonly app: string;
  /** The key to sign with. */
  readonly key: SecretKey;
  /** Whether the signature is added to those that are there; without, an existing signature file is refused. */
  readonly append?: boolean | undefined;
  /** Signs, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/** What {@link sign} wrote, or would have written. */
export interface SignedFile {
  /** The signature file's path: the file's with `.minisig` added. */
  readonly signature: string;
  /** What the signature is for. */
  readonly trustedComment: string;
}

/**
 * Signs a file of any size. What the signature is for is read from the file: a manifest and a root say what they are, any
 * other file is signed under its name.
 *
 * @param path The file's absolute path.
 * @param options The program and the key.
 * @returns Where the signature is.
 * @throws {TypeError} When a manifest or root is for another program, or there is a signature file already.
 * @throws {FileError} When the file cannot be read or the signature cannot be written.
 */
export async function sign(path: string, options: SignFileOptions): Promise<SignedFile> {
  const runtime = options.runtime ?? systemRuntime();
  const trustedComment = await commentFor(runtime, path, options.app);
  const block = await signDigest(await digest(runtime, path), options.key, { trustedComment });
  const signature = `${path}.minisig`;
  const before = await readFile(runtime.fs, signature, SIGNATURE_BYTES);
  if (before && !options.append) throw new TypeError(`Cannot sign ${path}: it has a signature file already`);
  const after = concatenate(before ?? new Uint8Array(), toUtf8(block));
  parseSignatures(after);
  if (options.dryRun) return { signature, trustedComment };
  const write = before ? writeDurably : createDurably;
  await write(runtime, signature, after, { mode: 0o644 });
  return { signature, trustedComment };
}

async function commentFor(runtime: Runtime, path: string, app: string): Promise<string> {
  const document = await readDocument(runtime, path);
  const { type, version, sequence, expires } = document;
  const isRoot = type === "root", isManifest = "versions" in document && sequence !== undefined;
  if ((isRoot || isManifest) && document["app"] !== app) {
    throw new TypeError(`Cannot sign ${path} for ${app}: it is for ${JSON.stringify(document["app"])}`);
  }
  if (isRoot) return `cco-root/1 ${app} ${version}`;
  return isManifest
    ? `cco-manifest/1 ${app} seq=${sequence} expires=${expires}`
    : `cco-file/1 ${app} ${nameOf(path)}`;
}

/** The file as a JSON object; empty for whatever is not one. */
async function readDocument(runtime: Runtime, path: string): Promise<Record<string, unknown>> {
  const bytes = await readFile(runtime.fs, path, MANIFEST_BYTES);
  if (!bytes || bytes.length > MANIFEST_BYTES) return {};
  try {
    return { ...JSON.parse(fromUtf8(bytes)) };
  } catch {
    return {};
  }
}

/** By `node:crypto`, which is forty times as fast as our own BLAKE2b on large files. */
async function digest(runtime: Runtime, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { createHash } = await import("node:crypto");
  const hash = createHash("blake2b512");
  const file: OpenFile = await runtime.fs.open(path, { access: "read" });
  try {
    for await (const chunk of chunksOf(file)) hash.update(chunk);
  } finally {
    file.close();
  }
  return new Uint8Array(hash.digest());
}
