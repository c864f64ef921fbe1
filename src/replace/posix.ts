/**
 * Replacing an executable where a running file can be renamed over (Linux, macOS).
 *
 * 1. An older `app.backup` is renamed aside.
 * 2. `app.backup` becomes a second name of the live file (a copy where the file system has no hard links).
 * 3. The folder is flushed, so that the backup is there before the live name changes.
 * 4. The staged file is renamed over `app`: one atomic step; at no instant is there no executable.
 * 5. The folder is flushed.
 *
 * Rejected: removing or moving the live file first (an instant without an executable); writing into it (`ETXTBSY`, and
 * macOS kills a program whose file changes); exchanging two names in one call (not offered by the runtimes).
 *
 * @module
 */

import { isFileError } from "../errors.ts";
import { chunksOf } from "../digest.ts";
import { besideName } from "../installation.ts";
import { inFolder } from "../path.ts";
import {
  displaceBackup,
  type ReplaceFiles,
  type ReplaceRuntime,
  type ReplaceStrategy,
  returnDisplaced,
} from "./strategy.ts";

/**
 * The strategy for POSIX systems.
 *
 * @param runtime File system and randomness.
 * @returns The strategy.
 */
export function posixStrategy(runtime: ReplaceRuntime): ReplaceStrategy {
  const { fs } = runtime;
  return {
    async backUp(files) {
      await displaceBackup(runtime, files);
      await keepBackup(runtime, files);
      await fs.syncDirectory(files.installation.folder);
    },
    async swap({ installation, staged }) {
      await fs.rename(staged, installation.executable);
      await fs.syncDirectory(installation.folder);
    },
    async restore(files) {
      const { executable, backup, folder } = files.installation;
      await fs.rename(backup, executable);
      // Still two names of one file when the swap never happened: renaming does nothing then (POSIX rename).
      if (await fs.stat(backup) !== undefined) await fs.remove(backup);
      await fs.syncDirectory(folder);
      await returnDisplaced(runtime, files);
    },
  };
}

async function keepBackup(runtime: ReplaceRuntime, { installation }: ReplaceFiles): Promise<void> {
  const { executable, backup } = installation;
  try {
    await runtime.fs.link(executable, backup);
  } catch (error) {
    if (!isFileError(error, "unsupported", "denied", "other")) throw error;
    await copyToBackup(runtime, { installation });
  }
}

/** FAT, exFAT and some network file systems have no hard links. */
async function copyToBackup(
  runtime: ReplaceRuntime,
  { installation }: Pick<ReplaceFiles, "installation">,
): Promise<void> {
  const { fs } = runtime;
  const copy = inFolder(installation.folder, besideName(runtime, installation, "old"));
  const source = await fs.open(installation.executable, { access: "read" });
  try {
    const mode = (await source.stat()).mode ?? 0o755;
    const target = await fs.open(copy, { access: "create", mode: mode & 0o777 });
    try {
      for await (const chunk of chunksOf(source)) target.append(chunk);
      // Before the flush: a power cut must not leave a backup that cannot be run.
      await fs.chmod(copy, mode & 0o777);
      await target.sync();
    } finally {
      target.close();
    }
    await fs.rename(copy, installation.backup);
  } catch (error) {
    await fs.remove(copy).catch(() => {});
    throw error;
  } finally {
    source.close();
  }
}
