/**
 * What is to be downloaded, how, and what comes out of it.
 *
 * @module
 */

import type { RequestOptions } from "./http.ts";

/** What is to be downloaded. */
export interface DownloadRequest {
  /** Where it is, in order of preference; all of them hold the same bytes. */
  readonly urls: readonly string[];
  /** The partial file's absolute path, different for every expected digest; the whole file is left there. */
  readonly path: string;
  /** How many bytes it has. */
  readonly size?: number | undefined;
  /** Its SHA-256 digest, in lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** How many bytes are accepted at most. */
  readonly maxBytes: number;
}

/** How it is downloaded. */
export interface DownloadOptions
  extends Pick<RequestOptions, "token" | "allowInsecure" | "patience" | "cooldown" | "signal" | "retries"> {
  /** Called for every chunk with the bytes here so far and the bytes there will be. What it throws ends the download. */
  readonly onProgress?: ((receivedBytes: number, totalBytes: number | undefined) => void) | undefined;
  /** What kind of file is asked for; `application/octet-stream` when absent. */
  readonly accept?: string | undefined;
}

/** A complete file. */
export interface Downloaded {
  /** The digest of the whole file. */
  readonly sha256: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Which of the addresses completed it. */
  readonly source: string;
  /** How many bytes of bodies this call received, repeated ones included. */
  readonly transferredBytes: number;
}
