/** Whether a process lives. */

import { kill } from "node:process";
import { codeOf } from "../machine/file_error.ts";

/**
 * Tells whether there is a process of this number, whoever owns it.
 *
 * @param pid The process.
 * @returns Whether it lives, or has not been waited for by its parent.
 */
export function isAlive(pid: number): Promise<boolean> {
  try {
    kill(pid, 0);
    return Promise.resolve(true);
  } catch (error) {
    return Promise.resolve(codeOf(error) !== "ESRCH");
  }
}
