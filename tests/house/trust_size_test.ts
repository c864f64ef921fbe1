import assert from "node:assert/strict";
import { test } from "node:test";

const LIMIT = 12 * 1024;

const bundle = await new Deno.Command(Deno.execPath(), {
  args: ["bundle", "--quiet", "--minify", "src/trust.ts"],
  stderr: "null",
}).output();
// `deno bundle` fetches its bundler on first use.
const why = bundle.success ? "" : "deno bundle does not work here";
if (why) console.log(`skipped: ${why}`);

test(
  "the trust rules, minisign and BLAKE2b together are at most 12 KiB minified",
  { skip: why || false },
  () => {
    console.log(`${bundle.stdout.length} bytes`);
    assert.ok(bundle.stdout.length > 1024);
    assert.ok(bundle.stdout.length <= LIMIT, `${bundle.stdout.length} bytes`);
  },
);
