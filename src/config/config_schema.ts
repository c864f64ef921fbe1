/**
 * The JSON Schema of the configuration file, for editors.
 *
 * @module
 */

import { CHANNELS } from "./kinds.ts";
import { SETTING_KEYS, SETTING_TABLES, settingOf } from "./settings.ts";

/**
 * Makes the schema from the table of settings. Unknown keys are allowed: a newer `cco` may know them.
 *
 * @returns A JSON Schema (draft 2020-12) of `config.toml` and `policy.toml`.
 */
export function configSchema(): object {
  const properties = Object.fromEntries(SETTING_TABLES.map((table) => [table, tableSchema(table)]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Settings of cco (config.toml, policy.toml)",
    type: "object",
    properties,
  };
}

function tableSchema(table: string): object {
  const keys = SETTING_KEYS.filter((key) => key.startsWith(`${table}.`));
  return {
    type: "object",
    properties: Object.fromEntries(keys.map((key) => {
      const { kind, summary, default: value } = settingOf(key);
      const isChannel = key === "updates.channel";
      const isGiven = value !== undefined && key !== "updates.sources";
      return [key.slice(table.length + 1), {
        ...kind.schema,
        ...(isChannel ? { enum: CHANNELS } : {}),
        description: summary,
        ...(isGiven ? { default: value } : {}),
      }];
    })),
  };
}
