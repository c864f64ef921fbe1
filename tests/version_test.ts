import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import semver from "semver";
import { compareVersions, inRange, isVersion, prereleaseTag } from "../src/version.ts";

const verdicts: [text: string, isOne: boolean, why: string][] = [
  ["1.2.3", true, "three numbers"],
  ["0.0.0", true, "zeros"],
  ["2025.11.2", true, "a calendar version"],
  ["1.0.0-beta.1", true, "a prerelease"],
  ["1.0.0-0a", true, "an identifier that begins with a zero and has a letter"],
  ["1.0.0+build.01", true, "build metadata, where leading zeros are allowed"],
  ["1.0.0--", true, "a hyphen as prerelease"],
  ["9007199254740991.0.0", true, "2^53-1"],
  [`1.0.0-${"a".repeat(250)}`, true, "256 characters"],
  ["v1.2.3", false, "a leading v, which only tags have"],
  ["=1.2.3", false, "an operator"],
  [" 1.2.3", false, "a space before it"],
  ["1.2.3\n", false, "a line end after it"],
  ["1.2", false, "two numbers"],
  ["1.2.3.4", false, "four numbers"],
  ["01.2.3", false, "a leading zero"],
  ["1.0.0-01", false, "a leading zero in a numeric identifier"],
  ["1.0.0-", false, "an empty prerelease"],
  ["1.0.0-a..b", false, "an empty identifier"],
  ["1.0.0+", false, "empty build metadata"],
  ["1.0.0-ä", false, "a letter beyond ASCII"],
  ["-1.0.0", false, "a sign"],
  ["", false, "nothing"],
  ["9007199254740992.0.0", false, "2^53, which compares as equal to 2^53+1"],
  ["1.0.0-9007199254740990", true, "2^53-2 as identifier"],
  ["1.0.0-9007199254740991", false, "2^53-1 as identifier, which npm compares as text"],
  ["1.0.0-9007199254740993", false, "2^53+1 as identifier"],
  [`1.0.0-${"a".repeat(251)}`, false, "257 characters"],
];

for (const [text, isOne, why] of verdicts) {
  test(`isVersion() ${isOne ? "accepts" : "refuses"} ${why}`, () => assert.equal(isVersion(text), isOne));
}

/** SemVer 2.0.0, section 11, and the calendar versions of this project. */
const ascending = [
  "0.9.9",
  "1.0.0-1",
  "1.0.0-2",
  "1.0.0-10",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.9.0",
  "1.10.0",
  "2025.9.1",
  "2025.11.2",
  "2025.11.10",
  "2025.12.0-beta.1",
  "2025.12.0",
];

test("compareVersions() orders as SemVer 2.0.0 does, not as strings do", () => {
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} against ${b}`);
    }
  }
});

test("compareVersions() does not look at build metadata", () => {
  assert.equal(compareVersions("1.0.0+a", "1.0.0+b"), 0);
});

test("compareVersions() tells its caller about what is no version", () => {
  for (const text of ["v1.0.0", "1.0", ""]) {
    assert.throws(() => compareVersions(text, "1.0.0"), TypeError);
    assert.throws(() => compareVersions("1.0.0", text), TypeError);
  }
});

const number = fc.oneof(fc.nat(12), fc.maxSafeNat()).map(String);
const identifier = fc.oneof(
  fc.oneof(fc.nat(12), fc.maxSafeNat().map((n) => Math.min(n, Number.MAX_SAFE_INTEGER - 1))).map(String),
  fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/).filter((text) => !/^0\d+$/.test(text)),
);
const version = fc.tuple(
  fc.tuple(number, number, number),
  fc.array(identifier, { maxLength: 3 }),
  fc.constantFrom("", "+build", "+001"),
).map(([numbers, prerelease, build]) =>
  numbers.join(".") + (prerelease.length === 0 ? "" : `-${prerelease.join(".")}`) + build
);

test("compareVersions() orders as npm's semver does", () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      assert.equal(isVersion(a), true, a);
      assert.equal(Math.sign(compareVersions(a, b)), semver.compare(a, b), `${a} against ${b}`);
    }),
    { numRuns: 2000 },
  );
});

test("isVersion() accepts no more than npm's semver does", () => {
  const alphabet = fc.constantFrom(..."0019.-+avx ");
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 12 }).map((letters) => letters.join("")), (text) => {
      const strict = semver.parse(text);
      // semver trims, and accepts a leading v or =.
      const isStrict = strict !== null && /^\d/.test(text) && text === text.trim();
      assert.equal(isVersion(text), isStrict, JSON.stringify(text));
    }),
    { numRuns: 5000 },
  );
});

const tags: [version: string, tag: string | undefined][] = [
  ["1.0.0", undefined],
  ["1.0.0+beta", undefined],
  ["1.0.0-beta.2", "beta"],
  ["1.0.0-0", "0"],
  ["1.0.0-x-y.1", "x-y"],
];

for (const [text, tag] of tags) {
  test(`prereleaseTag() of ${text} is ${tag}`, () => assert.equal(prereleaseTag(text), tag));
}

const ranges: [version: string, range: string, isInside: boolean][] = [
  ["2025.11.9", "~2025.11", true],
  ["2025.12.0", "~2025.11", false],
  ["1.9.9", "1.x", true],
  ["2.0.0", "1.x", false],
  ["1.5.0", ">=1.2 <2", true],
  ["1.5.0", "1.4.0 || 1.5.0", true],
  ["1.5.0-beta.1", "^1.4.0", true],
  ["1.0.0", "*", true],
  ["1.2.3", "1.2.3", true],
];

for (const [text, range, isInside] of ranges) {
  test(`inRange() finds ${text} ${isInside ? "inside" : "outside"} ${range}`, async () => {
    assert.equal(await inRange(text, range), isInside);
  });
}

for (const range of ["latest", "1.2.3.4", ">=", "1 - ", "x".repeat(257)]) {
  test(`inRange() tells its caller that ${range.slice(0, 20)} is no range`, async () => {
    await assert.rejects(inRange("1.0.0", range), TypeError);
  });
}
