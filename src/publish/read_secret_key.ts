import { isFileError, readFile, type Runtime, systemRuntime } from "../../machine.ts";
import { fromUtf8 } from "../bytes.ts";
import { isProtected, parseSecretKeyFile } from "../minisign_key_file.ts";
import type { SecretKey } from "../minisign_secret.ts";

/** Where a secret key is: in a file, or in a text that came from standard input or an environment variable. */
export type SecretKeySource = { readonly file: string } | { readonly text: string };

/** Options of {@link readSecretKey}. */
export interface ReadSecretKeyOptions {
  /** The password of a protected key, or how to ask for it: that is called for a protected key only. */
  readonly password?: string | (() => Promise<string | undefined>) | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/** A key file has two lines; a larger file is another one. */
const KEY_FILE_BYTES = 4096;

/**
 * Reads a secret key in minisign's format.
 *
 * No message holds any part of the key. There is no way to give a key as a command line argument, which every user of
 * the machine could read (T11).
 *
 * @param source Where it is. A file that others can read is refused, on systems that have permissions.
 * @param options The password, and the machine.
 * @returns The key.
 * @throws {TypeError} When there is no such file, others can read it, or it is no key; or the password is wrong.
 */
export async function readSecretKey(
  source: SecretKeySource,
  options: ReadSecretKeyOptions = {},
): Promise<SecretKey> {
  const text = "text" in source ? source.text : await readKeyFile(source.file, options);
  if (isPublic(text)) throw publicKey("from standard input or a variable");
  return await parseSecretKeyFile(text, { password: await passwordFor(text, options) });
}

async function passwordFor(text: string, { password }: ReadSecretKeyOptions): Promise<string | undefined> {
  if (typeof password !== "function") return password;
  return isProtected(text) ? await password() : undefined;
}

async function readKeyFile(path: string, options: ReadSecretKeyOptions): Promise<string> {
  const { fs } = options.runtime ?? systemRuntime();
  const info = await fs.stat(await fs.realPath(path).catch((cause) => refuseAbsent(path, cause)));
  if (info?.kind !== "file") throw new TypeError(`Cannot use the secret key ${path}: it is no file`);
  const bytes = await readFile(fs, path, KEY_FILE_BYTES);
  if (bytes && isPublic(fromUtf8(bytes))) throw publicKey(path);
  // T11: a key that others can read is theirs, too.
  if (info.mode !== undefined && (info.mode & 0o077) !== 0) {
    const mode = (info.mode & 0o777).toString(8).padStart(4, "0");
    throw new TypeError(
      `Cannot use the secret key ${path}: its mode is ${mode}, others can read it; chmod 600 it`,
    );
  }
  if (bytes && bytes.length <= KEY_FILE_BYTES) return fromUtf8(bytes);
  throw new TypeError(`Cannot use the secret key ${path}: it is too large for one`);
}

function refuseAbsent(path: string, cause: unknown): never {
  if (!isFileError(cause, "absent")) throw cause;
  throw new TypeError(`Cannot use the secret key ${path}: there is no such file`, { cause });
}

function isPublic(text: string): boolean {
  return /^RW[A-Za-z0-9+/]{54}$/m.test(text);
}

function publicKey(where: string): TypeError {
  return new TypeError(
    `Cannot use the secret key ${where}: it is a public key; the secret one is in the file without .pub`,
  );
}
