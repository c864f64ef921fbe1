import { isFileError, UpdateError } from "./errors.ts";
import { toUpdateError } from "./install_error.ts";
import { type Installation, installationOf } from "./installation.ts";
import type { Runtime } from "./runtime/types.ts";

/**
 * The installation of an executable that has to be there.
 *
 * @param runtime File system.
 * @param executable Its path; the running executable when absent.
 * @returns Where everything about it lies.
 * @throws {UpdateError} `REPLACE_FAILED` when there is none.
 */
export async function locateInstallation(
  runtime: Runtime,
  executable: string | undefined,
): Promise<Installation> {
  try {
    return await installationOf(runtime, executable);
  } catch (error) {
    if (!isFileError(error, "absent")) throw toUpdateError(error);
    const path = executable ?? runtime.execPath;
    throw new UpdateError(
      "REPLACE_FAILED",
      `Failed to install new binary: there is no executable at ${path}; install the program there first`,
      { path, operation: "find" },
      { cause: error },
    );
  }
}
