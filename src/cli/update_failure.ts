/**
 * The updater's failures in the words that administrators' scripts look for.
 *
 * @module
 */

import type { AnyUpdateError, UpdateErrorCode } from "../../mod.ts";
import { EXIT, Failure } from "./failure.ts";

/** What was being done when it happened. */
export type Doing = "check" | "download" | "install" | "rollback";

const NO_ASSET = "No release asset found for platform";
const CHECKSUM = "Checksum verification failed";
const NO_BINARY = "Binary not found in archive";
const NOT_INSTALLED = "Failed to install new binary";
const UNTRUSTED = "Signature verification failed";
const NO_CHECK = "Could not check for updates";
const NO_DOWNLOAD = "Could not download the update";

/** How the line begins, and the exit code; `undefined` where the updater's own words and the moment decide. */
const TABLE: { readonly [C in UpdateErrorCode]?: readonly [text: string, exitCode: number] } = {
  ASSET_MISSING: [NO_ASSET, EXIT.update],
  DIGEST_MISMATCH: [CHECKSUM, EXIT.update],
  SIZE_MISMATCH: [CHECKSUM, EXIT.update],
  BINARY_NOT_FOUND: [NO_BINARY, EXIT.update],
  ARCHIVE_INVALID: [NO_BINARY, EXIT.update],
  PROBE_FAILED: ["New binary verification failed", EXIT.update],
  UNTRUSTED: [UNTRUSTED, EXIT.update],
  UPDATE_IN_PROGRESS: ["Update already in progress", EXIT.update],
  NOT_WRITABLE: [NOT_INSTALLED, EXIT.update],
  DISK_FULL: [NOT_INSTALLED, EXIT.update],
  MANAGED_INSTALL: [NOT_INSTALLED, EXIT.update],
  PRIVILEGED_TARGET: [NOT_INSTALLED, EXIT.update],
  UNSAFE_DIRECTORY: [NOT_INSTALLED, EXIT.update],
  TAMPERED: [NOT_INSTALLED, EXIT.update],
  REPLACE_FAILED: [NOT_INSTALLED, EXIT.update],
  NO_BACKUP: ["No backup version available", EXIT.update],
  ROLLBACK_FAILED: ["Rollback failed", EXIT.rollback],
  VERSION_MISSING: ["Version not available", EXIT.usage],
  DOWNGRADE: ["Downgrade refused", EXIT.usage],
};

/** What to add to the updater's words: the flag that is the mend, and every file that a human needs to know. */
const ADVICE: { readonly [C in UpdateErrorCode]?: (details: AnyUpdateError) => string } = {
  ASSET_MISSING: () => "ask the publisher for a file for this system",
  DOWNGRADE: () => "add --allow-downgrade to install it",
  ROLLBACK_FAILED: (error) => {
    if (error.code !== "ROLLBACK_FAILED") return "";
    const { executable, backup, record, staged } = error.details;
    return `executable: ${executable}, backup: ${backup}, record: ${record}, new version: ${
      staged ?? "none"
    }`;
  },
};

/**
 * Describes a failure of the updater.
 *
 * @param error The updater's error.
 * @param doing What was being done.
 * @returns The failure: the text of the contract's table, then why, then what to do.
 */
export function updateFailure(error: AnyUpdateError, doing: Doing): Failure {
  const [text, exitCode] = byQuestion(error, doing) ?? TABLE[error.code] ?? byMoment(doing);
  const advice = ADVICE[error.code]?.(error);
  const why = error.message.startsWith(text) ? error.message : `${text}: ${error.message}`;
  const message = advice === undefined || why.includes(advice) ? why : `${why}; ${advice}`;
  return new Failure(message, { exitCode, code: error.code, details: error.details, cause: error });
}

/**
 * Nothing to go back to is nobody's mistake; a version that was not kept is asked for on the command line. What fails its
 * probe before a rollback is no new version.
 */
function byQuestion(
  error: AnyUpdateError,
  doing: Doing,
): readonly [text: string, exitCode: number] | undefined {
  if (doing === "rollback" && error.code === "PROBE_FAILED") return ["Rollback refused", EXIT.update];
  const isAsked = error.code === "NO_BACKUP" && error.details.wanted !== undefined;
  return isAsked ? ["No backup of version", EXIT.usage] : undefined;
}

/** Network, servers, and manifests that cannot be read. */
function byMoment(doing: Doing): readonly [text: string, exitCode: number] {
  return doing === "check" ? [NO_CHECK, EXIT.network] : [NO_DOWNLOAD, EXIT.network];
}
