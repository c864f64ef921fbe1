/**
 * Addresses without their secrets, for messages, logs and state files (T32).
 *
 * @module
 */

/** How much is shown of an address without a host: its beginning says what it is. */
const WITHOUT_HOST = 100;

/**
 * An address as it may be shown: without user, password, query and fragment, where credentials and the signatures of
 * pre-signed addresses live.
 *
 * @param url The address, well-formed or not.
 * @returns Scheme, host, port and path; of an address without a host its beginning.
 */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === "string" ? parse(url) : url;
  if (parsed === undefined) return withoutSecrets(String(url));
  if (!parsed.href.startsWith(`${parsed.protocol}//`)) return withoutHost(parsed);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

/** `data:,x`, `javascript:1`, `blob:https://…`: text as long as a server likes, capped once its secrets are out of it. */
function withoutHost({ protocol, pathname }: URL): string {
  const shown = protocol + withoutSecrets(pathname).replace(/^[^/\s]*@/, "");
  return shown.length > WITHOUT_HOST ? `${shown.slice(0, WITHOUT_HOST - 1)}…` : shown;
}

/**
 * The error, or a copy whose texts have every address redacted.
 *
 * Deno's network errors quote the whole address, query included, Bun's carry it as a property, and a runtime prints the
 * chain of causes.
 *
 * @param error What a runtime threw.
 * @returns The same error where nothing had to be taken out of it.
 */
export function redactError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === "string" ? withoutSecrets(error) : error;
  const message = withoutSecrets(error.message);
  const cause = redactError(error.cause);
  if (message === error.message && cause === error.cause && !holdsSecrets(error)) return error;
  const copy = new Error(message, cause === undefined ? undefined : { cause });
  copy.name = error.name;
  const code = (error as { code?: unknown }).code;
  return code === undefined ? copy : Object.assign(copy, { code });
}

/** Bun puts the whole address into a property of its own, which printing the error shows. */
function holdsSecrets(error: Error): boolean {
  return Object.values(error).some((value) => typeof value === "string" && withoutSecrets(value) !== value);
}

/**
 * Takes user, password, query and fragment out of every address within a text; punctuation after it stays. The bounds
 * of the repetitions keep the time linear in the text's length, which a server may choose.
 */
function withoutSecrets(text: string): string {
  return text.replaceAll(
    /([a-z][a-z0-9+.-]{0,31}:\/\/)(?:[^\s/?#]*@)?([^\s?#"'<>]*)(?:[?#][^\s"'<>]*?(?=\)?[:.,;]{0,3}(?:["'<>\s]|$)))?/gi,
    "$1$2",
  );
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
