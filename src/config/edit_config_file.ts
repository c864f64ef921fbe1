/**
 * Changes to the user's configuration file: one at a time, whole or not at all.
 *
 * @module
 */

import { isFileError, type Runtime, writeDurably } from "../../machine.ts";
import { ConfigError } from "./config_error.ts";
import { type ConfigFile, readConfigFile } from "./config_file.ts";
import type { SettingValue } from "./kinds.ts";
import type { SettingKey } from "./settings.ts";

/** The parts of a runtime that changing a file needs. */
export type EditRuntime = Pick<Runtime, "fs" | "uid" | "pid" | "random" | "now" | "wait">;

/** How long to wait for another `cco config set`, and after what time a lock is one that a crash has left. */
const LOCK_WAIT = 5000;
const LOCK_AGE = 30_000;

/**
 * Sets or removes one setting in a file, keeping everything else of it.
 *
 * @param runtime File system, clock, user.
 * @param path The file; made, with its folder, when it is not there. A symbolic link stays one.
 * @param key The setting.
 * @param value Its new value, already checked; `undefined` removes it.
 * @throws {ConfigError} When the file cannot be read or written; it is then as it was.
 */
export async function editConfigFile(
  runtime: EditRuntime,
  path: string,
  key: SettingKey,
  value: SettingValue | undefined,
): Promise<void> {
  await underLock(runtime, path, async () => {
    const file = await readConfigFile(runtime, path);
    if (file === undefined && value === undefined) return;
    const [table, name] = key.split(".") as [string, string];
    const { editToml } = await import("./edit_toml.ts");
    const text = await editToml(file?.text ?? "", { table, key: name, value }, path);
    if (text !== file?.text) await writeConfig(runtime, path, file, text);
  });
}

/**
 * Replaces the whole text of a file, if nobody changed it meanwhile.
 *
 * @param runtime File system, clock, user.
 * @param path The file.
 * @param before The file as it was read, `undefined` for none.
 * @param text The new text, already checked.
 * @throws {ConfigError} `FILE_BUSY` when it was changed meanwhile; others as {@link editConfigFile}.
 */
export async function replaceConfigFile(
  runtime: EditRuntime,
  path: string,
  before: ConfigFile | undefined,
  text: string,
): Promise<void> {
  await underLock(runtime, path, async () => {
    const now = await readConfigFile(runtime, path);
    if (now?.text !== before?.text) {
      throw new ConfigError(
        "FILE_BUSY",
        `Configuration file was changed by somebody else meanwhile: ${path}`,
      );
    }
    await writeConfig(runtime, path, now, text);
  });
}

/**
 * Puts a file aside, whatever is in it, so that the defaults apply again. Nothing is lost.
 *
 * @param runtime File system, clock, user.
 * @param path The file.
 * @returns Where its content is now; `undefined` when there was no file.
 * @throws {ConfigError} `FILE_NOT_WRITABLE` when it cannot be moved.
 */
export async function resetConfigFile(runtime: EditRuntime, path: string): Promise<string | undefined> {
  if (await runtime.fs.stat(path) === undefined) return undefined;
  return await underLock(runtime, path, async () => {
    const stamp = new Date(runtime.now()).toISOString().replace(/\.\d+Z$/, "Z").replaceAll(/[-:]/g, "");
    for (let count = 1;; count++) {
      const aside = `${path}.${stamp}${count > 1 ? `-${count}` : ""}.bak`;
      if (await runtime.fs.stat(aside) !== undefined) continue;
      await runtime.fs.rename(path, aside);
      return aside;
    }
  });
}

async function writeConfig(
  runtime: EditRuntime,
  path: string,
  file: ConfigFile | undefined,
  text: string,
): Promise<void> {
  // Renaming over it would replace also a file that its owner has made read-only.
  if (file?.mode !== undefined && (file.mode & 0o200) === 0) throw notWritable(path, "it is read-only");
  await writeDurably(runtime, file?.path ?? path, new TextEncoder().encode(text), {
    mode: file?.mode ?? 0o600,
  });
}

async function underLock<T>(runtime: EditRuntime, path: string, action: () => Promise<T>): Promise<T> {
  try {
    await runtime.fs.makeDirectory(folderOf(path), 0o700);
    const lock = await takeLock(runtime, `${path}.lock`);
    try {
      return await action();
    } finally {
      await runtime.fs.remove(lock);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw notWritable(path, error instanceof Error ? error.message : String(error), error);
  }
}

async function takeLock(runtime: EditRuntime, lock: string): Promise<string> {
  const start = runtime.now();
  for (;;) {
    try {
      (await runtime.fs.open(lock, { access: "create", mode: 0o600 })).close();
      return lock;
    } catch (error) {
      if (!isFileError(error, "exists")) throw error;
      await waitForLock(runtime, lock, start);
    }
  }
}

async function waitForLock({ fs, now, wait }: EditRuntime, lock: string, start: number): Promise<void> {
  const age = now() - ((await fs.stat(lock))?.modifiedAt ?? now());
  if (age > LOCK_AGE) return await fs.remove(lock).catch(() => {});
  if (now() - start > LOCK_WAIT) {
    throw new ConfigError("FILE_BUSY", `Configuration file is being changed by another process: ${lock}`);
  }
  await wait(20);
}

function notWritable(path: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(
    "FILE_NOT_WRITABLE",
    `Configuration file cannot be written: ${path}: ${why}. Change its rights, or set CCO_UPDATES_… in the ` +
      `environment instead`,
    cause === undefined ? undefined : { cause },
  );
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.search(/[\\/][^\\/]*$/)));
}
