/**
 * What a service manager is told to run.
 *
 * @module
 */

/** The service as its manager runs it. */
export interface ServiceProgram {
  /** Path of the executable. */
  readonly executable: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables without which the service would look for its files elsewhere than whoever installed it. */
  readonly env: Readonly<Record<string, string>>;
  /** The folders that it writes to: that of the executable, which it replaces, and that of its state. */
  readonly writable: readonly string[];
  /** Whether it runs for one person, from login to logout, or from the start of the machine. */
  readonly scope: "user" | "system";
}

/**
 * Refuses what no service manager can be told in its file.
 *
 * @param program The service.
 * @returns A text with a control character, `undefined` when there is none.
 */
export function unwritableText({ executable, args, env, writable }: ServiceProgram): string | undefined {
  return [executable, ...args, ...Object.values(env), ...writable].find((text) => /\p{Cc}/u.test(text));
}

/**
 * Text within an XML element.
 *
 * @param text Any text without control characters.
 * @returns The text with what has a meaning in XML replaced.
 */
export function xmlText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
