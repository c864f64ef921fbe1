import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as v from "valibot";
import { manifestSchema } from "../../scripts/manifest_schema.ts";
import { isUpdateError } from "../../src/errors.ts";
import { ASSET, MANIFEST_CASES, parsed, withAsset, withRelease } from "../support/manifest_documents.ts";

/** Where a document is refused and what was expected there; `undefined` for a document that is accepted. */
type Verdict = { readonly path: string; readonly expected: string } | undefined;

function verdictOfSchema(document: unknown): Verdict {
  const { issues } = v.safeParse(manifestSchema, document, { abortEarly: true });
  if (issues === undefined) return undefined;
  const names = (issues[0].path ?? []).map(({ key }) => String(key));
  const path = names.map((name) => /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)
    .join("");
  return { path: path.replace(/^\./, "") || "(the whole document)", expected: issues[0].message };
}

/** What only the reader looks at counts as accepted: `manifest_test.ts` has those cases. */
function verdictOfReader(document: unknown): Verdict {
  try {
    parsed(document);
    return undefined;
  } catch (error) {
    if (!isUpdateError(error)) throw error;
    if (error.code === "MANIFEST_TOO_NEW") return { path: "schema", expected: "1" };
    assert(error.code === "MANIFEST_INVALID", error);
    const { path, expected } = error.details;
    const isOurs = expected === "a time that exists" || path === "versions.__proto__" ||
      path === "versions.constructor" || expected === "an address" && verdictOfSchema(document) === undefined;
    return isOurs ? undefined : { path, expected };
  }
}

/** Values that are right somewhere, and values that are almost right. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, -1, 0, 0.5, 1, 2, 100, 100.5, 101, 2 ** 53 - 1, 2 ** 53, 1e300],
  ...[
    "",
    " ",
    "a",
    "a b",
    "a\tb",
    "a\u00a0b",
    "v1/app.zip",
    "https://example.com/app",
    "72h",
    "72",
    "1d12",
    "h",
  ],
  ...["zip", "ZIP", "rar", "__proto__", "2025-11-17T14:00:00Z", "2025-11-17T14:00:00.1234567890Z"],
  ...["2025-11-17T24:00:00Z", "2025-11-17 14:00:00Z", "2025-11-17T14:00:00z", "2025-00-01T00:00:00Z"],
  ...[63, 64, 65].map((length) => "a".repeat(length)),
  ...[64, 65, 128, 129, 256, 257, 4096, 4097, 65_536, 65_537].map((length) => "é".repeat(length)),
  ...["1.0.0", "1.0", "v1.0.0", "01.0.0", "1.0.0-01", "1.0.0-0a", "1.0.0+0", "1.0.0-", "1.0.0\n", "1e3.0.0"],
  ...["999999999999999.0.0", "1000000000000000.0.0", "1.0.0-999999999999999", "1.0.0-1000000000000000"],
  ...[
    [],
    {},
    [null],
    ["a"],
    ["a", ""],
    { stable: "1.0.0" },
    { "1.0.0": {} },
    { "linux-x86_64": ASSET },
    ASSET,
  ],
  JSON.parse('{"__proto__":1}'),
  { constructor: "1.0.0" },
  { percent: 10 },
];

const letters = (alphabet: string, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...alphabet), { maxLength }).map((each) => each.join(""));
const value = fc.oneof(
  fc.constantFrom(...VALUES),
  letters("0019.-+avx ", 14),
  letters("09mhdws", 5),
  letters("0123:-TZ. ", 24).map((text) => `20${text.slice(2)}`),
  fc.tuple(fc.nat(23), fc.constantFrom(..."0123456789:-TZ. ")).map(([at, letter]) => {
    const time = "2024-02-29T23:59:59.123Z";
    return time.slice(0, at) + letter + time.slice(at + 1);
  }),
  fc.jsonValue({ maxDepth: 2 }),
);

const every = MANIFEST_CASES.find(({ name }) => name === "every field there is")!.document;
const documents = fc.constantFrom(
  every,
  { ...(every as object), versions: { "1.0.0": {}, "1.0.1-rc.1+build": { yanked: "no", rollout: null } } },
  withAsset({ mirrors: ["a", "b"], later: 1, deltas: [{}] }),
  withRelease({ minimum_version: "0.9.0", release_notes: "notes", minimum_os: { linux: "6" } }),
);

/** Every object and list in a document. */
function* objectsIn(node: unknown): Generator<Record<string, unknown>> {
  if (typeof node !== "object" || node === null) return;
  yield node as Record<string, unknown>;
  for (const child of Object.values(node)) yield* objectsIn(child);
}

/** A document in which one field has another value, another name, or is gone. */
const edited = fc.tuple(documents, fc.nat(), fc.nat(), value, fc.constantFrom("set", "add", "name", "delete"))
  .map(([document, object, field, value, edit]) => {
    const copy: unknown = structuredClone(document);
    const objects = [...objectsIn(copy)];
    const node = objects[object % objects.length]!;
    const names = Object.keys(node);
    const name = names[field % names.length] ?? "a";
    const added = typeof value === "string" ? value : "a";
    const was = node[name];
    if (edit === "set") node[name] = value;
    else if (edit !== "add") delete node[name];
    if (!Array.isArray(node) && (edit === "add" || edit === "name")) {
      Object.defineProperty(node, added, {
        value: was,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return JSON.parse(JSON.stringify(copy));
  });

test("the reader and the schema judge the cases of both alike", () => {
  for (const { name, document } of MANIFEST_CASES) {
    assert.deepEqual(verdictOfReader(document), verdictOfSchema(document), name);
  }
});

test("the reader refuses what the schema refuses, at the same place with the same words, and nothing else", () => {
  let refused = 0;
  fc.assert(
    fc.property(edited, (document) => {
      const verdict = verdictOfSchema(document);
      if (verdict !== undefined) refused++;
      assert.deepEqual(verdictOfReader(document), verdict, JSON.stringify(document));
    }),
    { numRuns: 20_000 },
  );
  assert(refused > 1000, `${refused} refused`);
});
