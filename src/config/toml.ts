/**
 * TOML, read. The one seam to the library that reads it; it is loaded where there is something to read.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import { type FileRole, OWN_FILE } from "./file_role.ts";

/** A table of a TOML document. */
export type TomlTable = { readonly [key: string]: unknown };

/**
 * Reads a TOML document.
 *
 * @param text The document; a byte order mark at its start is ignored.
 * @param name What it is called in messages.
 * @param role Whose it is, which decides how it is mended.
 * @returns The root table.
 * @throws {ConfigError} `FILE_DAMAGED` with line and column when it is not TOML.
 */
export async function parseToml(
  text: string,
  name: string,
  role: FileRole = OWN_FILE,
): Promise<TomlTable> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return parse(text.replace(/^\ufeff/, ""), { integersAsBigInt: "asNeeded", maxDepth: 100 });
  } catch (error) {
    const where = error instanceof TomlError ? `, line ${error.line}, column ${error.column}` : "";
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new ConfigError(
      "FILE_DAMAGED",
      `Configuration file is damaged: ${name}${where}: ${why}. ${role.mend}`,
      { cause: error },
    );
  }
}

/**
 * Tells whether a value of a TOML document is a table.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * The error for a name that stands for a value where a table belongs.
 *
 * @param table The name.
 * @param file The file.
 * @returns The error, to be thrown.
 */
export function notATable(table: string, file: string | undefined): ConfigError {
  return new ConfigError(
    "FILE_DAMAGED",
    `Configuration file is damaged: ${file}: ${table} is not a table. Write [${table}] on a line of its own and ` +
      `the keys below it`,
  );
}

/**
 * Reads one key of a table, never an inherited one such as `__proto__` (T29).
 *
 * @param table The table.
 * @param key The key.
 * @returns The value, `undefined` when there is none.
 */
export function own(table: TomlTable, key: string): unknown {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
