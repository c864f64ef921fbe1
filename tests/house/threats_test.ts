import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const page = readFileSync("docs/trust.md", "utf8");
const rows = [...page.matchAll(/^\| (T\d+) .*?\| `(tests\/[^`]+)` "([^"]+)" +\|/gm)];

for (const [, threat, file, title] of rows) {
  test(`${threat}: the test that docs/trust.md names for it exists`, () => {
    assert.ok(readFileSync(file!, "utf8").includes(title!), `${file} has no test "${title}"`);
  });
}

test("docs/trust.md names a test in every row of its table of threats", () => {
  const threats = page.match(/^\| T\d+ /gm) ?? [];
  assert.ok(threats.length >= 20);
  assert.equal(rows.length, threats.length);
});
