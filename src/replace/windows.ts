/**
 * Replacing an executable where a running file can be renamed but neither removed, overwritten nor renamed over
 * (Windows).
 *
 * 1. An older `app.exe.backup` is renamed aside.
 * 2. The live `app.exe` is renamed to `app.exe.backup`; it may go on running under that name.
 * 3. The staged file is renamed to `app.exe`. When that fails, the backup is renamed back at once.
 *
 * Between 2 and 3 there is no `app.exe`. The record beside it covers that instant: `recover` puts the backup back. A
 * program that was running when it was replaced cannot be removed before it ends; a later start removes it.
 *
 * Virus scanners and indexers open new files for a moment; a rename that is refused is tried again for a second.
 *
 * @module
 */

import { besideName } from "../installation.ts";
import { inFolder } from "../path.ts";
import { patiently } from "./patience.ts";
import { displaceBackup, type ReplaceRuntime, type ReplaceStrategy, returnDisplaced } from "./strategy.ts";

/**
 * The strategy for Windows.
 *
 * @param runtime File system, randomness and clock.
 * @returns The strategy.
 */
export function windowsStrategy(runtime: ReplaceRuntime): ReplaceStrategy {
  const rename = (from: string, to: string) => patiently(runtime, () => runtime.fs.rename(from, to));
  return {
    async backUp(files) {
      await patiently(runtime, () => displaceBackup(runtime, files));
    },
    async swap({ installation, staged }) {
      const { executable, backup } = installation;
      await rename(executable, backup);
      try {
        await rename(staged, executable);
      } catch (error) {
        await rename(backup, executable);
        throw error;
      }
    },
    async restore(files) {
      const { installation } = files;
      const { executable, backup } = installation;
      // The file that is in the way may be running: it can be moved aside, not replaced.
      const aside = inFolder(installation.folder, besideName(runtime, installation, "old"));
      const isInTheWay = await runtime.fs.stat(executable) !== undefined;
      if (isInTheWay) await rename(executable, aside);
      try {
        await rename(backup, executable);
      } catch (error) {
        if (isInTheWay) await rename(aside, executable);
        throw error;
      }
      await returnDisplaced(runtime, files);
      if (isInTheWay) await runtime.fs.remove(aside).catch(() => {});
    },
  };
}
