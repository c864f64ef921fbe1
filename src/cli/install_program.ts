/**
 * `cco install`: this executable to its place, and that place on PATH.
 *
 * @module
 */

import type { FileSystem, Runtime } from "../../machine.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { addToPath } from "./profiles.ts";

const CHUNK = 1024 * 1024;

/**
 * Copies this executable to `~/.local/bin` and puts that folder on PATH, once. Running it again changes nothing.
 *
 * @param invocation The run.
 * @returns The exit code.
 * @throws {Failure} Exit code 1 when another file is there and `--force` is not given.
 */
export async function installProgram(invocation: Invocation): Promise<number> {
  const { output, world } = invocation;
  const { runtime } = world;
  const source = await requireCompiled(runtime);
  const target = await installedPath(invocation);
  const isNew = await place(runtime, source, target, { force: invocation.has("force") });
  const home = (await world.terminal.home())!;
  const profiles = await addToPath(world, home, folderOf(target));
  output.line(isNew ? `✅ Installed ${target}` : `✅ Already installed: ${target}`);
  for (const profile of profiles) output.line(`→ PATH is set in ${profile}`);
  if (profiles.length > 0) output.step("Open a new terminal to use it.");
  output.document({ executable: target, installed: isNew, profiles });
  return EXIT.ok;
}

/**
 * Where the installed executable lies.
 *
 * @param invocation The run.
 * @returns Its path, whether it is there or not.
 * @throws {Failure} When the account has no folder of its own.
 */
export async function installedPath(invocation: Invocation): Promise<string> {
  const { binDirectory } = await invocation.paths();
  if (binDirectory === undefined) throw failure("This account has no folder to install to");
  return invocation.world.runtime.os === "windows" ? `${binDirectory}\\cco.exe` : `${binDirectory}/cco`;
}

async function requireCompiled({ fs, execPath }: Runtime): Promise<string> {
  if (/(?:^|[\\/])deno(?:\.exe)?$/i.test(execPath)) {
    throw failure(
      `Cannot install ${execPath}: this cco runs from source. Compile it first: deno task compile`,
    );
  }
  return await fs.realPath(execPath);
}

async function place(
  runtime: Runtime,
  source: string,
  target: string,
  { force }: { force: boolean },
): Promise<boolean> {
  const { fs } = runtime;
  try {
    const there = await fs.stat(target);
    if (there !== undefined && await isSame(fs, source, await fs.realPath(target))) return false;
    if (there !== undefined && !force) {
      throw failure(
        `Cannot install: there is another ${target}. Run 'cco update' to update it, or add --force`,
      );
    }
    await fs.makeDirectory(folderOf(target), 0o755);
    await copy(runtime, source, target);
    return true;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw failure(
      `Failed to install new binary: ${folderOf(target)}: ${why}. Change the rights of that folder`,
      error,
    );
  }
}

/** A whole file under a name of its own first: nobody ever starts half of one. */
async function copy({ fs, random }: Runtime, source: string, target: string): Promise<void> {
  const name = Array.from(random(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const temporary = `${target}.${name}.tmp`;
  const from = await fs.open(source, { access: "read" });
  try {
    const to = await fs.open(temporary, { access: "create", mode: 0o755 });
    try {
      const chunk = new Uint8Array(CHUNK);
      for (let offset = 0;;) {
        const count = await from.readAt(offset, chunk);
        if (count === 0) break;
        to.append(chunk.subarray(0, count));
        offset += count;
      }
      await to.sync();
    } finally {
      to.close();
    }
    await fs.chmod(temporary, 0o755);
    await fs.rename(temporary, target);
    await fs.syncDirectory(folderOf(target));
  } catch (error) {
    await fs.remove(temporary).catch(() => {});
    throw error;
  } finally {
    from.close();
  }
}

async function isSame(fs: FileSystem, a: string, b: string): Promise<boolean> {
  if (a === b) return true;
  const [left, right] = await Promise.all([fs.open(a, { access: "read" }), fs.open(b, { access: "read" })]);
  try {
    const [one, two] = await Promise.all([left.stat(), right.stat()]);
    if (one.identity !== undefined && one.identity === two.identity) return true;
    if (one.size !== two.size) return false;
    const [here, there] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
    for (let offset = 0;;) {
      const [count, other] = await Promise.all([left.readAt(offset, here), right.readAt(offset, there)]);
      if (count !== other) return false;
      if (count === 0) return true;
      for (let index = 0; index < count; index++) if (here[index] !== there[index]) return false;
      offset += count;
    }
  } finally {
    left.close();
    right.close();
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.search(/[\\/][^\\/]*$/));
}

function failure(message: string, cause?: unknown): Failure {
  return new Failure(message, { exitCode: EXIT.general, code: "INSTALL", cause });
}
