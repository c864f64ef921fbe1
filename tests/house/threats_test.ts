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

test("docs/trust.md has a row for each of the 36 threats, with a test or a dash", () => {
  const threats = [...page.matchAll(/^\| (T\d+) /gm)].map(([, threat]) => threat);
  assert.deepEqual(threats, Array.from({ length: 36 }, (_, index) => `T${index + 1}`));
  const dashes = page.match(/^\| T\d+ [^|]+\| [^|]+\| –/gm) ?? [];
  assert.equal(rows.length + dashes.length, threats.length);
});
