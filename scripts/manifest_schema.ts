/**
 * Writes `docs/version-manifest.schema.json`, the JSON Schema of the manifest, from `src/manifest_schema.ts`:
 * `deno run -A scripts/manifest_schema.ts`.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import { manifestSchema } from "../src/manifest_schema.ts";

/** Where the published schema lies. */
export const SCHEMA_FILE: URL = new URL("../docs/version-manifest.schema.json", import.meta.url);

/**
 * The JSON Schema (draft 2020-12) of the manifest.
 *
 * It gives the parser's verdict on everything but two things that no JSON Schema can say: whether an address can be
 * resolved, and whether its limits on the length of texts count characters beyond U+FFFF once or twice.
 *
 * @returns The schema as the text of its file.
 */
export function manifestJsonSchema(): string {
  const { $schema, ...rules } = toJsonSchema(manifestSchema, {
    target: "draft-2020-12",
    typeMode: "output",
  });
  const schema = {
    $schema: $schema ?? "https://json-schema.org/draft/2020-12/schema",
    title: "version-manifest.json",
    description:
      "Which versions of a program exist, which one each channel points to, and what each platform " +
      "downloads.",
    ...rules,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) await Deno.writeTextFile(SCHEMA_FILE, manifestJsonSchema());
