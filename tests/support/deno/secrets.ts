/**
 * Canaries: secrets of tests that must appear in nothing that is printed or kept (T32).
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";

/** Every secret of the tests contains this word, plainly or as a proxy's password is sent. */
const CANARIES = ["canary", Buffer.from("updater:canary-password").toString("base64")];

/**
 * Fails when a text holds a secret.
 *
 * @param text What was printed or written.
 * @param where Where, for the message.
 */
export function noSecretsIn(text: string, where: string): void {
  for (const canary of CANARIES) {
    assert(!text.includes(canary), `${where} has a secret in it: ${text.slice(0, 2000)}`);
  }
}

/**
 * Fails when the name or the content of any file below a folder holds a secret.
 *
 * @param folder The folder.
 * @param options `except`: folders that are left out, such as that of the executables.
 */
export async function noSecretsUnder(
  folder: string,
  options: { except?: readonly string[] } = {},
): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (options.except?.includes(path)) continue;
    noSecretsIn(name, folder);
    if (isDirectory) await noSecretsUnder(path, options);
    else if (isFile) noSecretsIn(new TextDecoder("latin1").decode(await Deno.readFile(path)), path);
  }
}
