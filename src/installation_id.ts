import { createDurably, readFile, writeDurably } from "./durable.ts";
import { isFileError } from "./errors.ts";
import { inFolder } from "./path.ts";
import type { Runtime } from "./runtime/types.ts";

/**
 * The random number that tells this installation from others in a rollout: made on first use, sent nowhere.
 *
 * @param runtime File system and randomness.
 * @param stateDirectory Where it is kept.
 * @returns 32 hexadecimal digits, or `undefined` when none is there and none can be kept.
 */
export async function installationId(
  runtime: Pick<Runtime, "fs" | "random" | "pid">,
  stateDirectory: string,
): Promise<string | undefined> {
  const path = inFolder(stateDirectory, "installation-id");
  try {
    const bytes = await readFile(runtime.fs, path, 64);
    const known = idIn(bytes);
    if (known !== undefined) return known;
    const fresh = Array.from(runtime.random(16), (byte) => byte.toString(16).padStart(2, "0")).join("");
    await runtime.fs.makeDirectory(stateDirectory, 0o700);
    // Two processes at once must not make two; one that was there but damaged has to be replaced.
    const write = bytes === undefined ? createDurably : writeDurably;
    await write(runtime, path, new TextEncoder().encode(`${fresh}\n`), { mode: 0o600 });
    return fresh;
  } catch (error) {
    if (!isFileError(error)) throw error;
    // Another process was faster, or the folder is read-only.
    return idIn(await readFile(runtime.fs, path, 64).catch(() => undefined));
  }
}

function idIn(bytes: Uint8Array | undefined): string | undefined {
  const text = new TextDecoder().decode(bytes).trim();
  return /^[0-9a-f]{32}$/.test(text) ? text : undefined;
}
