/**
 * Why a service cannot start on this machine, in words that say what to do.
 *
 * @module
 */

import { isFileError } from "../../machine.ts";
import { AlreadyRunning } from "../service/run_service.ts";
import type { ServicePlace } from "./daemon_place.ts";
import { EXIT, Failure } from "./failure.ts";

const NO_SUCH_NAME =
  "nobody knows this name. Give an address of this machine, such as 127.0.0.1, with --host or " +
  "service.host";

/**
 * Describes what keeps a service from starting.
 *
 * @param error What was thrown.
 * @param place Where the service was to be.
 * @returns A failure with exit code 1; the error itself when it is nothing of the kind.
 */
export function serviceFailure(error: unknown, { host, port, stateDirectory }: ServicePlace): unknown {
  if (error instanceof AlreadyRunning) {
    const { pid } = error.record;
    return new Failure(error.message, { exitCode: EXIT.general, code: "RUNNING", details: { pid } });
  }
  if (isFileError(error)) {
    const message = `The service cannot write to its state folder ${stateDirectory}: ${error.message}`;
    return failure(message, "STATE", error, { path: stateDirectory });
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program uses this port. Choose another one with --port or service.port",
    EACCES: "this account may not use this port. Choose one above 1023 with --port or service.port",
    EADDRNOTAVAIL: "this machine has no such address. Choose another one with --host or service.host",
    ENOTFOUND: NO_SUCH_NAME,
    EAI_AGAIN: NO_SUCH_NAME,
    EAI_NONAME: NO_SUCH_NAME,
  };
  if (why[code] === undefined) return error;
  return failure(`Cannot listen on ${host}:${port}: ${why[code]}`, "LISTEN", error, { host, port });
}

function failure(message: string, code: string, cause: unknown, details: object): Failure {
  return new Failure(message, { exitCode: EXIT.general, code, details, cause });
}
