import { createDurably, type Runtime, systemRuntime } from "../../machine.ts";
import { toUtf8 } from "../bytes.ts";
import type { PublicKey } from "../minisign.ts";
import { publicKeyFile, secretKeyFile } from "../minisign_key_file.ts";
import { generateKey, type SecretKey } from "../minisign_secret.ts";

/** Options of {@link keygen}. */
export interface KeygenOptions {
  /** The key to write; a new one unless given. */
  readonly key?: SecretKey | undefined;
  /** Protects the secret key; without one, whoever can read the file can sign. */
  readonly password?: string | undefined;
  /** Makes a key, writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/**
 * Makes a key pair: the secret key at `path`, readable by its owner only, and the public one at `path` with `.pub` added.
 * Both are in minisign's own format. A file that is there already is never replaced.
 *
 * @param path The secret key's absolute path.
 * @param options The password, and the machine.
 * @returns The public key.
 * @throws {FileError} `exists` when a file is there, and others when one cannot be written.
 */
export async function keygen(path: string, options: KeygenOptions = {}): Promise<PublicKey> {
  const runtime = options.runtime ?? systemRuntime();
  const key = options.key ?? await generateKey(runtime.random);
  const protection = options.password === undefined
    ? {}
    : { protection: { password: options.password, salt: runtime.random(32) } };
  const secret = await secretKeyFile(key, protection);
  if (options.dryRun) return key.publicKey;
  await createDurably(runtime, path, toUtf8(secret), { mode: 0o600 });
  try {
    await createDurably(runtime, `${path}.pub`, toUtf8(publicKeyFile(key.publicKey)), { mode: 0o644 });
  } catch (error) {
    // A secret key that was not reported would be taken for one that is in use.
    await runtime.fs.remove(path);
    throw error;
  }
  return key.publicKey;
}
