/**
 * Addresses that no client can use, or that would publish a secret.
 *
 * @module
 */

import { isLoopback } from "../address.ts";
import type { ManifestDocument } from "../manifest_schema.ts";
import { redactUrl } from "../redact.ts";
import type { Finding } from "./lint.ts";

/** Stands for wherever the manifest is served. */
const ANYWHERE = "https://manifest.invalid/";

/** What {@link refuseAddresses} looks at. */
export interface NewAddresses {
  /** The version they are for. */
  readonly version: string;
  /** What comes before the files' names. */
  readonly url?: string | undefined;
  /** Where the release notes are. */
  readonly notesUrl?: string | undefined;
}

/**
 * Refuses addresses before they are signed and published.
 *
 * @param addresses The addresses of a new version.
 * @throws {TypeError} When a client could not use one, or it has a password in it.
 */
export function refuseAddresses({ version, url, notesUrl }: NewAddresses): void {
  const problem = url === undefined ? undefined : problemOfFile(url);
  const wrong = problem ?? (notesUrl === undefined ? undefined : problemOfNotes(notesUrl));
  if (wrong !== undefined) throw new TypeError(`Cannot add ${version}: ${wrong}`);
}

/**
 * Looks at every address of a manifest.
 *
 * @param document The manifest.
 * @returns An error for each that clients refuse.
 */
export function lintUsable({ versions }: ManifestDocument): Finding[] {
  return Object.entries(versions).flatMap(([version, { release_notes: notes, platforms = {} }]) => {
    const problem = notes === undefined ? undefined : problemOfNotes(notes);
    const files = Object.entries(platforms).flatMap(([platform, { url, mirrors = [] }]) =>
      [url, ...mirrors].flatMap((address) => lintFile(`versions.${version}.${platform}`, address))
    );
    const where = `versions.${version}.release_notes`;
    return problem === undefined ? files : [{ level: "error", where, message: problem }, ...files];
  });
}

function lintFile(where: string, address: string): Finding[] {
  const { protocol } = URL.canParse(address, ANYWHERE) ? new URL(address, ANYWHERE) : { protocol: "" };
  const problem = protocol === "http:" ? `${redactUrl(address)} is not https` : problemOfFile(address);
  if (problem !== undefined) return [{ level: "error", where, message: problem }];
  if (protocol !== "file:") return [];
  const message = `${address} is for clients only that read the manifest from the same machine`;
  return [{ level: "warning", where, message }];
}

/** A file may lie beside the manifest, and on closed networks both on a disk. */
function problemOfFile(address: string): string | undefined {
  return problemOf(address, ["https:", "file:"], ANYWHERE);
}

/** Notes are a link that people open: it must be one for a browser and nothing else. */
function problemOfNotes(address: string): string | undefined {
  return problemOf(address, ["https:"]);
}

function problemOf(address: string, protocols: readonly string[], base?: string): string | undefined {
  const shown = redactUrl(address);
  if (!URL.canParse(address, base)) return `${shown} is no complete address`;
  const { protocol, hostname, username, password } = new URL(address, base);
  // T32: the manifest is public.
  if (username !== "" || password !== "") {
    return `${shown} was given with a user or a password, which everybody could read`;
  }
  if (protocols.includes(protocol) || protocol === "http:" && isLoopback(hostname)) return undefined;
  return protocol === "http:"
    ? `${shown} is not encrypted, clients refuse it; use https`
    : `${protocol} addresses are of no use to clients; use https`;
}
