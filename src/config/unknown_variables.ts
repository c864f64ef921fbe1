/**
 * Environment variables that look like a setting and are none.
 *
 * @module
 */

import { nearest } from "./nearest.ts";
import { SHORT_NAMES, variableOf } from "./load_settings.ts";
import { SETTING_KEYS, SETTING_TABLES } from "./settings.ts";

/**
 * Looks for variables that somebody meant to have an effect. They have none, and stop nothing: a newer `cco` may know
 * them.
 *
 * @param names The names of all variables that are set.
 * @returns One sentence for each that begins like a setting's and belongs to none.
 */
export function unknownVariables(names: readonly string[]): string[] {
  const known = [...SETTING_KEYS.map(variableOf), ...Object.values(SHORT_NAMES)];
  const prefixes = [...SETTING_TABLES.map((table) => `CCO_${table.toUpperCase()}`), "CCO_AUTO_UPDATE"];
  const unknown = names.filter((name) =>
    prefixes.some((prefix) => name.startsWith(prefix)) && !known.includes(name)
  );
  return unknown.sort().map((name) => {
    const near = meant(name, known);
    const hint = near === undefined ? "It has no effect" : `Did you mean ${near}?`;
    return `Unknown environment variable: ${name}. ${hint}`;
  });
}

/** What they have in common at the start says nothing. */
function meant(name: string, known: readonly string[]): string | undefined {
  const prefix = /^CCO_(?:AUTO_)?[A-Z]+_/.exec(name)?.[0] ?? "CCO_";
  const rests = known.filter((each) => each.startsWith(prefix)).map((each) =>
    each.slice(prefix.length).toLowerCase()
  );
  const near = nearest(name.slice(prefix.length), rests);
  return near === undefined ? undefined : prefix + near.toUpperCase();
}
