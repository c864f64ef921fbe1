/**
 * What an archive of the attack corpus is, and the bytes that all of them are about.
 *
 * @module
 */

import { utf8 } from "./tar_archive.ts";

/** The name that is asked for. */
export const ENTRY = "cco";
/** The most bytes that are accepted. */
export const MAX_BYTES: number = 1 << 20;
/** What the wanted file holds. */
export const PAYLOAD: Uint8Array = utf8("#!/bin/sh\necho cco 1.2.3\n".repeat(100));
/** What a file holds that must never come out. */
export const OTHER: Uint8Array = utf8("this is not the wanted file\n".repeat(90));

/** What must come of an archive: exactly {@link PAYLOAD}, or this error. */
export type Outcome =
  | "payload"
  | { readonly code: "ARCHIVE_INVALID"; readonly reason: RegExp }
  | { readonly code: "BINARY_NOT_FOUND"; readonly found: readonly string[] }
  | { readonly code: "TOO_LARGE"; readonly limit: number };

/** An archive and what must come of it. */
export interface Attack {
  readonly title: string;
  readonly archive: () => Uint8Array;
  readonly outcome: Outcome;
}

/** The archive is refused for this reason. */
export function invalid(reason: RegExp): Outcome {
  return { code: "ARCHIVE_INVALID", reason };
}

/** The wanted file is not there, these are. */
export function notFound(...found: string[]): Outcome {
  return { code: "BINARY_NOT_FOUND", found };
}
