/**
 * Secret keys for `cco release`: from files, standard input or named variables, never from the command line (T11).
 *
 * @module
 */

import type { readSecretKey, SecretKey, SecretKeySource } from "../publish/mod.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { absolutePath, usage } from "./release_options.ts";

/** Which flags: `--key-…` sign manifests and files, `--root-key-…` sign roots. */
export type KeyRole = "key" | "root-key";

/**
 * Reads the secret keys of a role. A protected key's password is asked for on the terminal.
 *
 * @param invocation The run.
 * @param publish The publisher's functions.
 * @param role Whose flags.
 * @returns At least one key.
 * @throws {Failure} Exit code 2 when none is given, a variable is empty, or a password cannot be asked for.
 */
export async function secretKeys(
  invocation: Invocation,
  publish: { readonly readSecretKey: typeof readSecretKey },
  role: KeyRole,
): Promise<SecretKey[]> {
  if (!hasKeys(invocation, role)) {
    throw usage(`Missing flag: --${role}-file FILE, --${role}-stdin or --${role}-env NAME`);
  }
  const { runtime } = invocation.world;
  const keys: SecretKey[] = [];
  for (const { source, name } of await sourcesOf(invocation, role)) {
    const password = () => askPassword(invocation, `Password of ${name}: `);
    keys.push(await publish.readSecretKey(source, { password, runtime }));
  }
  return keys;
}

/** Whether any key of a role is given. */
export function hasKeys(invocation: Invocation, role: KeyRole): boolean {
  return ["file", "stdin", "env"].some((kind) => invocation.has(`${role}-${kind}`));
}

/**
 * Asks for a new key's password, twice.
 *
 * @param invocation The run.
 * @param name What the key is called.
 * @returns The password; `undefined` with `--no-password`.
 * @throws {Failure} Exit code 2 without a terminal, for no password, and for two different ones.
 */
export async function newPassword(invocation: Invocation, name: string): Promise<string | undefined> {
  if (invocation.has("no-password")) return undefined;
  const password = await askPassword(invocation, `New password of ${name}: `);
  if (password === "") throw usage("Cannot use an empty password. Add --no-password to have none");
  if (await askPassword(invocation, "The same again: ") === password) return password;
  throw usage("The two passwords differ. Nothing was changed");
}

async function sourcesOf(
  invocation: Invocation,
  role: KeyRole,
): Promise<{ source: SecretKeySource; name: string }[]> {
  const files = invocation.flagValues(`${role}-file`).map(async (name) => ({
    source: { file: await absolutePath(invocation, name) },
    name,
  }));
  const variables = invocation.flagValues(`${role}-env`).map((name) => ({
    source: { text: variable(invocation, name) },
    name,
  }));
  const typed = invocation.has(`${role}-stdin`) ? await standardInput(invocation) : [];
  return [...await Promise.all(files), ...variables, ...typed];
}

function variable({ world: { terminal } }: Invocation, name: string): string {
  const text = terminal.env(name);
  if (text) return text.trim();
  throw usage(`Cannot use the secret key in ${name}: there is no such variable, or it is empty`);
}

/** Each key has two lines; the first says so. */
async function standardInput(invocation: Invocation): Promise<{ source: { text: string }; name: string }[]> {
  const { terminal } = invocation.world;
  if (invocation.has("key-stdin") && invocation.has("root-key-stdin")) {
    throw usage("Cannot read --key-stdin and --root-key-stdin both: there is one standard input");
  }
  if (terminal.isTerminal("stdin")) {
    throw usage("Cannot read a secret key from a terminal, where it would show. Pipe it, or name a file");
  }
  const lines = (await terminal.readInput(terminal.signal)).split(/\r?\n/).filter((line) => line !== "");
  const count = Math.max(1, Math.ceil(lines.length / 2));
  return Array.from({ length: count }, (_, index) => ({
    source: { text: lines.slice(2 * index, 2 * index + 2).join("\n") },
    name: "standard input",
  }));
}

/** On standard error, so that what is printed is the answer alone. */
async function askPassword({ world: { terminal } }: Invocation, question: string): Promise<string> {
  if (!terminal.isTerminal("stdin") || !terminal.isTerminal("stderr")) {
    throw new Failure(
      "Cannot ask for a password without a terminal. Use a key without one, kept where only this job can read it",
      { exitCode: EXIT.usage, code: "NO_TERMINAL" },
    );
  }
  const password = await terminal.readHidden(question, terminal.signal);
  if (password === undefined) throw usage("No password was given. Nothing was changed");
  return password;
}
