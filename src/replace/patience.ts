import { isFileError } from "../errors.ts";
import type { Runtime } from "../runtime/types.ts";

/** Waits between the tries of a refused operation, in milliseconds: about a second in all. */
const RETRY_WAITS = [10, 20, 50, 100, 200, 300, 400];

/**
 * Carries out what Windows may refuse for a moment, while a virus scanner or an indexer has a file open.
 *
 * @param runtime The clock.
 * @param operation What is done; it is tried again when it is refused.
 * @throws {FileError} When it is still refused after about a second, or fails in another way.
 */
export async function patiently(
  runtime: Pick<Runtime, "wait">,
  operation: () => Promise<void>,
): Promise<void> {
  for (const wait of RETRY_WAITS) {
    try {
      return await operation();
    } catch (error) {
      if (!isFileError(error, "busy", "denied")) throw error;
      await runtime.wait(wait);
    }
  }
  await operation();
}
