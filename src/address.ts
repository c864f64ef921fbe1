/**
 * Which addresses are fetched at all, and where a redirect may lead (RFC 9110 section 15.4; T15).
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { redactUrl } from "./redact.ts";

/** The origin of GitHub's API, to which its token is bound (T16). */
export const GITHUB_API = "https://api.github.com";

/** Whether plain http is allowed to hosts other than this machine. */
export interface AddressRules {
  readonly allowInsecure?: boolean | undefined;
}

/**
 * Reads an address that is to be fetched.
 *
 * @param text The address.
 * @param rules Whether plain http is allowed everywhere.
 * @returns The address without its fragment.
 * @throws {UpdateError} `ADDRESS_REFUSED` for anything but https, http to this machine, or http where it is allowed;
 * and for addresses with a user or password in them.
 */
export function parseAddress(text: string, rules: AddressRules = {}): URL {
  if (!URL.canParse(text)) throw refused(text, "it is not a complete address");
  return checkAddress(new URL(text), rules);
}

/**
 * Where a redirect leads.
 *
 * @param from The address that answered with a redirect.
 * @param location The `Location` header, absolute or relative.
 * @param rules Whether plain http is allowed everywhere.
 * @returns The next address to ask.
 * @throws {UpdateError} `ADDRESS_REFUSED` for what {@link parseAddress} refuses, and for a step from https to http:
 * nobody may be talked out of encryption on the way (T15).
 */
export function redirectTarget(from: URL, location: string, rules: AddressRules = {}): URL {
  if (!URL.canParse(location, from)) throw refused(from, "its redirect cannot be read");
  const target = new URL(location, from);
  if (from.protocol === "https:" && target.protocol === "http:") {
    throw refused(target, `${redactUrl(from)} redirects from https to http`);
  }
  return checkAddress(target, rules);
}

/**
 * Whether a host name means this machine.
 *
 * @param hostname As `URL.hostname` gives it.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function checkAddress(url: URL, { allowInsecure = false }: AddressRules): URL {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refused(url, `${url.protocol} addresses are not fetched; use https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refused(url, "it has a user or password in it; give tokens by their option instead");
  }
  if (url.protocol === "http:" && !allowInsecure && !isLoopback(url.hostname)) {
    throw refused(url, "it is not encrypted; use https");
  }
  url.hash = "";
  return url;
}

function refused(url: string | URL, reason: string): UpdateError<"ADDRESS_REFUSED"> {
  const shown = shownUrl(url);
  return new UpdateError("ADDRESS_REFUSED", `Cannot fetch ${shown}: ${reason}`, { url: shown, reason });
}

/** A `data:` address can be megabytes of text: its scheme says enough. */
function shownUrl(url: string | URL): string {
  const text = redactUrl(url);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
