/**
 * The publisher's functions, loaded when they are used, and their errors as failures.
 *
 * @module
 */

import { isFileError } from "../../machine.ts";
import type { PublishOptions } from "../publish/mod.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { secretKeys } from "./release_keys.ts";
import { durationFlag, writeOptions } from "./release_options.ts";

/** What stands between a publisher and the address of a release. */
const OF_NETWORK = new Set(["NETWORK", "TIMEOUT", "HTTP_STATUS", "RATE_LIMITED", "ADDRESS_REFUSED"]);

/** The publisher's functions. */
export type Publish = typeof import("../publish/mod.ts");

/**
 * Does a publisher's work.
 *
 * @param work What to do with the publisher's functions.
 * @returns What it returns.
 * @throws {Failure} Exit code 2 when it asks for what cannot be, 4 for the network, 5 when a client would refuse a
 *   signature, else 1.
 */
export async function publishing<T>(work: (publish: Publish) => Promise<T>): Promise<T> {
  const publish = await import("../publish/mod.ts");
  try {
    return await work(publish);
  } catch (error) {
    throw await releaseFailure(error);
  }
}

/**
 * The options of every command that changes the manifest.
 *
 * @param invocation The run.
 * @param publish The publisher's functions.
 * @returns The options; the secret keys are read, and a password is asked for where one is needed.
 */
export async function publishOptions(invocation: Invocation, publish: Publish): Promise<PublishOptions> {
  return {
    keys: await secretKeys(invocation, publish, "key"),
    validity: await durationFlag(invocation, "validity"),
    ...writeOptions(invocation),
  };
}

async function releaseFailure(cause: unknown): Promise<unknown> {
  if (cause instanceof TypeError || cause instanceof RangeError) {
    return new Failure(cause.message, { exitCode: EXIT.usage, code: "RELEASE", cause });
  }
  if (isFileError(cause)) {
    return new Failure(cause.message, { exitCode: EXIT.general, code: "RELEASE_FILE", cause });
  }
  if (cause instanceof SyntaxError) {
    const message = `Cannot read a file of the release: ${cause.message}`;
    return new Failure(message, { exitCode: EXIT.usage, code: "RELEASE", cause });
  }
  const { isUpdateError } = await import("../../mod.ts");
  if (!isUpdateError(cause)) return cause;
  const { code, details, message } = cause;
  if (code !== "UNTRUSTED") {
    const exitCode = OF_NETWORK.has(code) ? EXIT.network : EXIT.general;
    return new Failure(toldPublisher(message), { exitCode, code, details, cause });
  }
  const { updateFailure } = await import("./update_failure.ts");
  const failure = updateFailure(cause, "check");
  const told = `${toldPublisher(failure.message)}; clients would refuse it, nothing was changed`;
  return new Failure(told, { ...failure, code, cause });
}

/** Whoever reads this is the publisher. */
function toldPublisher(message: string): string {
  return message.replaceAll(/; (?:nothing was installed, )?tell its publisher/g, "");
}
