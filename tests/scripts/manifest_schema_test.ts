import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { manifestJsonSchema, SCHEMA_FILE } from "../../scripts/manifest_schema.ts";
import { MANIFEST_CASES } from "../support/manifest_documents.ts";

const published = await Deno.readTextFile(SCHEMA_FILE);

test("docs/version-manifest.schema.json is what scripts/manifest_schema.ts makes", () => {
  assert.equal(published, manifestJsonSchema());
});

const ajv = new Ajv2020({ allErrors: false });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(published));

for (const { name, document, refusedAt } of MANIFEST_CASES) {
  const verdict = refusedAt === undefined ? "accepts" : "refuses";
  test(`the published schema ${verdict} ${name}, as the parser does`, () => {
    assert.equal(validate(document), refusedAt === undefined, ajv.errorsText(validate.errors));
  });
}
