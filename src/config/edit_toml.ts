/**
 * One value of a TOML document set or removed, everything else kept: comments, order, line ends, unknown tables.
 *
 * The edit is made by one library and judged by another: the result must read as exactly the intended document and
 * hold every comment that was there, or nothing is written.
 *
 * @module
 */

import { ConfigError } from "./config_error.ts";
import type { SettingValue } from "./kinds.ts";
import { isTable, notATable, own, parseToml, type TomlTable } from "./toml.ts";
import { isMixed, withEndsOf, withPlainEnds } from "./line_ends.ts";
import { commentsOf, missing } from "./toml_comments.ts";

/** Which value to set, or to remove when `value` is `undefined`. */
export interface TomlEdit {
  /** The table it is in, such as `updates`. */
  readonly table: string;
  /** Its key there. */
  readonly key: string;
  /** The new value. */
  readonly value: SettingValue | undefined;
}

/** The value that stands in for the edited one, so that its place in the text can be found. */
const MARKER = "cco:marker:7e1f3c";
/** The library keeps the quotes that the old value had. */
const QUOTED = `(?<quote>"""|'''|"|')(?:\\r?\\n)?${MARKER}(?:\\r?\\n)?\\k<quote>`;

/**
 * Edits a TOML document.
 *
 * @param text The document.
 * @param edit What to set or remove.
 * @param name What the document is called in messages.
 * @returns The new document; the same text when there was nothing to do.
 * @throws {ConfigError} `FILE_DAMAGED` when the document is not TOML; `EDIT_REFUSED` when the edit would change or
 * lose anything else.
 */
export async function editToml(text: string, edit: TomlEdit, name: string): Promise<string> {
  const before = await parseToml(text, name);
  const table = own(before, edit.table);
  if (table !== undefined && !isTable(table)) throw notATable(edit.table, name);
  if (same(table === undefined ? undefined : own(table, edit.key), edit.value)) return text;
  const intended = changed(before, edit);
  for (const attempt of [editInPlace, editByMarker, editAndReattach]) {
    const result = await keepingEnds(attempt, text, edit).catch(() => undefined);
    if (result !== undefined && await isFaithful(text, result, intended, name)) return result;
  }
  throw new ConfigError(
    "EDIT_REFUSED",
    `Cannot change ${edit.table}.${edit.key} without losing something else in ${name}. Edit it with 'cco config edit'`,
  );
}

type Attempt = (text: string, edit: TomlEdit) => Promise<string | undefined>;

/** The library would make all ends of lines the same, and say so on the terminal. */
async function keepingEnds(attempt: Attempt, text: string, edit: TomlEdit): Promise<string | undefined> {
  if (!isMixed(text)) return await attempt(text, edit);
  const result = await attempt(withPlainEnds(text), edit);
  return result === undefined ? undefined : withEndsOf(text, result);
}

async function editInPlace(text: string, edit: TomlEdit): Promise<string | undefined> {
  // The library takes the comments of a removed key with it.
  if (edit.value === undefined && commentsOf(text).length > 0) return undefined;
  const result = await patched(text, edit);
  return text.trim() === "" && !result.endsWith("\n") ? result + "\n" : result;
}

/** Puts a marker in the value's place, which keeps all comments, then replaces or removes the marker in the text. */
async function editByMarker(text: string, edit: TomlEdit): Promise<string> {
  const marked = await patched(text, { ...edit, value: MARKER });
  if (edit.value !== undefined) return marked.replace(new RegExp(QUOTED), () => literal(edit.value!));
  const line = new RegExp(
    `^(?<indent>[ \\t]*)[^\\n{\\[#]*=[ \\t]*${QUOTED}[ \\t]*(?<comment>#[^\\r\\n]*)?(?<end>\\r?\\n|$)`,
    "m",
  );
  const { indent = "", comment, end = "" } = line.exec(marked)?.groups ?? {};
  if (!line.test(marked)) return await patched(text, edit);
  return marked.replace(line, () => comment === undefined ? "" : indent + comment + end);
}

/** A list that becomes another value takes the comments between its entries along: they go above it, line by line. */
async function editAndReattach(text: string, edit: TomlEdit): Promise<string | undefined> {
  if (edit.value === undefined) return undefined;
  const marked = await patched(text, { ...edit, value: MARKER });
  const match = new RegExp(`^(?<indent>[ \\t]*)[^\\n]*${QUOTED}`, "m").exec(marked);
  if (match === null) return undefined;
  const end = marked.includes("\r\n") ? "\r\n" : "\n";
  const lost = missing(commentsOf(text), commentsOf(marked));
  const lines = lost.map((comment) => match.groups!["indent"] + comment + end).join("");
  const whole = marked.slice(0, match.index) + lines + marked.slice(match.index);
  return whole.replace(new RegExp(QUOTED), () => literal(edit.value!));
}

async function patched(text: string, { table, key, value }: TomlEdit): Promise<string> {
  const { parse, patch } = await import("@decimalturn/toml-patch");
  const document = parse(text);
  if (value === undefined) delete document[table][key];
  else (document[table] ??= {})[key] = value;
  return patch(text, document);
}

async function isFaithful(
  before: string,
  after: string,
  intended: TomlTable,
  name: string,
): Promise<boolean> {
  const result = await parseToml(after, name).catch(() => undefined);
  return result !== undefined && same(withoutEmpty(result), withoutEmpty(intended)) &&
    missing(commentsOf(before), commentsOf(after)).length === 0;
}

function changed(document: TomlTable, { table, key, value }: TomlEdit): TomlTable {
  const old = own(document, table);
  const entries = Object.entries(isTable(old) ? old : {}).filter(([name]) => name !== key);
  if (value !== undefined) entries.push([key, value]);
  return { ...document, [table]: Object.fromEntries(entries) };
}

/** Removing the last of `updates.enabled = …` lines removes the table; removing it under `[updates]` leaves it empty. */
function withoutEmpty(document: TomlTable): TomlTable {
  return Object.fromEntries(
    Object.entries(document).filter(([, value]) => !isTable(value) || Object.keys(value).length > 0),
  );
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => same(entry, b[index]));
  }
  if (a instanceof Date && b instanceof Date) return a.toISOString() === b.toISOString();
  if (!isTable(a) || !isTable(b)) return Object.is(a, b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** JSON strings are TOML basic strings (TOML 1.0.0, "String"), apart from DEL. */
function literal(value: SettingValue): string {
  if (typeof value === "object") return `[${value.map(literal).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value).replaceAll("\x7f", "\\u007f") : String(value);
}
