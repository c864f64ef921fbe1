import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const page = readFileSync("docs/trust.md", "utf8");
const rows = [...page.matchAll(/^\| (T\d+) .*?\| `(tests\/[^`]+)` "([^"]+)" +\|/gm)];
const COMPILED = "tests/e2e/threats_test.ts";

test("docs/trust.md has a row with a test for each of the 36 threats", () => {
  const threats = rows.map(([, threat]) => threat);
  assert.deepEqual(threats, Array.from({ length: 36 }, (_, index) => `T${index + 1}`));
});

for (const [, threat, file, title] of rows) {
  test(`${threat}: the test that docs/trust.md names for it exists, and has its number in its title`, () => {
    const text = readFileSync(file!, "utf8");
    assert.ok(text.includes(title!), `${file} has no test "${title}"`);
    assert.match(title!, new RegExp(`\\b${threat}\\b`));
  });
}

test("docs/trust.md lists exactly the threats that are mounted against the compiled program", () => {
  const titles = readFileSync(COMPILED, "utf8").matchAll(/"[^"\n]*?\b(T\d+): [^"\n]+"/g);
  const mounted = [...new Set([...titles].map(([, threat]) => threat!))];
  const [, list] = /Against the compiled `cco` too[^]*?: (T1, [^.]+)\./.exec(page) ?? [];
  const byNumber = (a: string, b: string) => Number(a.slice(1)) - Number(b.slice(1));
  assert.deepEqual(list?.split(/,\s/), mounted.sort(byNumber));
});
