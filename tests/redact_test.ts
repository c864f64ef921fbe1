import assert from "node:assert/strict";
import { test } from "node:test";
import { redactError, redactUrl } from "../src/redact.ts";

/** A text that an error carried, and what is left of it. */
interface Row {
  readonly title: string;
  readonly text: string;
  readonly left: string;
}

const ROWS: readonly Row[] = [
  { title: "user and password", text: "https://u:p@example.com/a", left: "https://example.com/a" },
  { title: "a user alone", text: "ftp://u@example.com", left: "ftp://example.com" },
  { title: "a query", text: "https://example.com/a?token=1", left: "https://example.com/a" },
  { title: "a fragment", text: "https://example.com/a#token", left: "https://example.com/a" },
  { title: "an address in brackets", text: "x (https://u:p@h/a?b=c).", left: "x (https://h/a)." },
  { title: "an address in quotes", text: 'got "https://h/a?b", sorry', left: 'got "https://h/a", sorry' },
  { title: "letters and figures before it", text: "1https://u:p@h/a, y", left: "1https://h/a, y" },
  { title: "a long word before it", text: `${"a".repeat(40)}://u:p@h`, left: `${"a".repeat(40)}://h` },
  { title: "two addresses", text: "http://u:p@a/?x http://u:p@b/#y", left: "http://a/ http://b/" },
];

for (const { title, text, left } of ROWS) {
  test(`T32: redactError() takes the secrets out of a text with ${title}`, () => {
    const error = redactError(new Error(text)) as Error;
    assert.equal(error.message, left);
  });
}

test("T32: redactError() redacts causes and keeps the code", () => {
  const error = Object.assign(new TypeError("no", { cause: new Error("https://u:p@h/") }), {
    code: "ECONNRESET",
  });
  const redacted = redactError(error) as Error & { code?: string };
  assert.equal((redacted.cause as Error).message, "https://h/");
  assert.equal(redacted.code, "ECONNRESET");
});

test("redactError() returns an error without addresses itself", () => {
  const error = new Error("no address here");
  assert.equal(redactError(error), error);
});

test("redactUrl() shows scheme, host, port and path, also of what is no address", () => {
  assert.equal(redactUrl("https://u:p@example.com:8443/a/b?c#d"), "https://example.com:8443/a/b");
  assert.equal(redactUrl("https://u:p@exa mple/a"), "https://exa mple/a");
});

const WITHOUT_HOST: readonly [url: string, shown: string][] = [
  ["data:,x", "data:,x"],
  ["data:text/plain,x?token=1#y", "data:text/plain,x"],
  ["javascript:1", "javascript:1"],
  ["app:user:secret@h/a", "app:h/a"],
  ["blob:https://user:secret@h/a", "blob:https://h/a"],
  ["file:///a?b", "file:///a"],
  [`data:,${"x".repeat(1_000_000)}`, `data:,${"x".repeat(93)}…`],
  [`app:${"secret".repeat(100)}@h`, "app:h"],
];

for (const [url, shown] of WITHOUT_HOST) {
  test(`T32: redactUrl() shows ${url.slice(0, 40)} as it is, without secrets, and not all of a long one`, () => {
    assert.equal(redactUrl(url), shown);
    assert.equal(redactUrl(new URL(url)), shown);
  });
}

/** Texts on which a pattern that goes back and forth takes minutes; with a linear one the test ends at once. */
const LONG: readonly [title: string, text: string, length: number][] = [
  ["letters", "a".repeat(2_000_000), 2_000_000],
  ["schemes", "a://".repeat(200_000), 800_000],
  ["colons in a query", `http://x?${":".repeat(2_000_000)}a`, 8],
  ["brackets in a query", `http://x?${")".repeat(2_000_000)}a`, 8],
];

for (const [title, text, length] of LONG) {
  test(`T6: redactError() takes time in proportion to two million ${title}`, () => {
    assert.equal((redactError(text) as string).length, length);
  });
}
