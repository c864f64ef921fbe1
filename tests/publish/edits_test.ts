import assert from "node:assert/strict";
import { test } from "node:test";
import type { ManifestDocument } from "../../src/manifest_schema.ts";
import { withRelease } from "../../src/publish/add.ts";
import { withPromotion } from "../../src/publish/promote.ts";
import { type RolloutStep, withRollout } from "../../src/publish/rollout.ts";
import { withYank } from "../../src/publish/yank.ts";
import { NOW } from "../support/signed_release.ts";

const HOUR = 60 * 60 * 1000;
const DOCUMENT: ManifestDocument = {
  latest: { stable: "2.0.0", beta: "2.1.0-beta.1" },
  versions: {
    "1.0.0": { platforms: {} },
    "1.9.0-rc.1": { platforms: {} },
    "2.0.0": { platforms: {} },
    "2.1.0-beta.1": { platforms: {} },
    "3.0.0": { yanked: "it was bad", platforms: {} },
  },
};

const promotions: [title: string, options: Parameters<typeof withPromotion>[1], expected: string | RegExp][] =
  [
    ["a version to another channel", { version: "2.0.0", channel: "lts" }, "lts: (new) → 2.0.0"],
    ["a channel forward", { version: "2.1.0-beta.1", channel: "stable" }, "stable: 2.0.0 → 2.1.0-beta.1"],
    [
      "a channel backward on request",
      { version: "1.0.0", channel: "stable", allowDowngrade: true },
      "stable: 2.0.0 → 1.0.0",
    ],
    [
      "not a channel backward",
      { version: "1.0.0", channel: "stable" },
      /stable is at 2\.0\.0, which is newer/,
    ],
    ["not a version that is not there", { version: "9.0.0", channel: "stable" }, /does not have it/],
    ["not a yanked version", { version: "3.0.0", channel: "stable" }, /it was yanked \(it was bad\)/],
    ["not to a name with a space", { version: "2.0.0", channel: "a b" }, /no name of a channel/],
    ["not to an empty name", { version: "2.0.0", channel: "" }, /no name of a channel/],
  ];
for (const [title, options, expected] of promotions) {
  test(`promote() moves ${title}`, () => {
    if (expected instanceof RegExp) return assert.throws(() => withPromotion(DOCUMENT, options), expected);
    const { document, changes } = withPromotion(DOCUMENT, options);
    assert.deepEqual(changes, [expected]);
    assert.deepEqual(document.latest, { ...DOCUMENT.latest, [options.channel]: options.version });
    assert.deepEqual(document.versions, DOCUMENT.versions);
  });
}

test("yank() takes a version out and moves its channel to the newest final version before it", () => {
  const { document, changes } = withYank(DOCUMENT, { version: "2.0.0", reason: "it eats files" });
  assert.equal(document.versions["2.0.0"]?.yanked, "it eats files");
  assert.deepEqual(document.latest, { stable: "1.0.0", beta: "2.1.0-beta.1" });
  assert.deepEqual(changes, ["2.0.0: yanked (it eats files)", "stable: 2.0.0 → 1.0.0"]);
});

test("yank() moves a channel at a prerelease to whatever is newest before it", () => {
  const { document } = withYank(DOCUMENT, { version: "2.1.0-beta.1", reason: "x" });
  assert.deepEqual(document.latest, { stable: "2.0.0", beta: "2.0.0" });
});

test("yank() refuses to leave a channel without a version, to yank what is not there, and to give no reason", () => {
  const one = { latest: { stable: "1.0.0" }, versions: { "1.0.0": {} } };
  assert.throws(() => withYank(one, { version: "1.0.0", reason: "x" }), /stable would have no version/);
  assert.throws(() => withYank(one, { version: "2.0.0", reason: "x" }), RangeError);
  assert.throws(() => withYank(one, { version: "1.0.0", reason: " " }), TypeError);
});

/** Steps of a rollout, each some hours after the one before, and what stands in the manifest afterwards. */
const steps: [hours: number, step: RolloutStep, expected: object | undefined][] = [
  [0, { percent: 10, duration: "90h", fallback: "1.0.0" }, {
    percent: 10,
    start: at(0),
    duration: "90h",
    fallback: "1.0.0",
  }],
  [9, "pause", { percent: 19, fallback: "1.0.0", duration: "291600s", paused: true }],
  [48, "resume", { percent: 19, fallback: "1.0.0", duration: "291600s", start: at(57) }],
  [81, "pause", { percent: 100, fallback: "1.0.0", duration: "0s", paused: true }],
  [1, "finish", undefined],
  [1, { percent: 5 }, { percent: 5, start: at(140) }],
  [1, "pause", { percent: 5, paused: true }],
];
test("rollout() starts, pauses with the share and the time that are left, resumes there, and finishes", () => {
  let document = DOCUMENT, now = NOW;
  for (const [hours, step, expected] of steps) {
    now += hours * HOUR;
    ({ document } = withRollout(document, { version: "2.0.0", step }, now));
    assert.deepEqual(document.versions["2.0.0"]?.rollout, expected);
  }
});

test("rollout() refuses what cannot be", () => {
  const refuse = (version: string, step: RolloutStep, message: RegExp, document = DOCUMENT) =>
    assert.throws(() => withRollout(document, { version, step }, NOW), { name: "RangeError", message });
  refuse("9.0.0", "pause", /does not have it/);
  refuse("2.0.0", "pause", /there is none/);
  refuse("2.0.0", "finish", /there is none/);
  const { document } = withRollout(DOCUMENT, { version: "2.0.0", step: { percent: 1 } }, NOW);
  refuse("2.0.0", "resume", /it is not paused/, document);
  refuse("3.0.0", { percent: 1 }, /it was yanked \(it was bad\)/);
  refuse("2.0.0", { percent: 100.1 }, /100\.1 percent is not from 0 to 100/);
  refuse("2.0.0", { percent: -1 }, /-1 percent is not/);
  refuse("2.0.0", { percent: NaN }, /NaN percent is not/);
  refuse("2.0.0", { percent: 1, duration: "soon" }, /the duration "soon" is no length of time/);
  refuse("2.0.0", { percent: 1, fallback: "0.5.0" }, /does not have the fallback 0\.5\.0/);
  refuse("2.0.0", { percent: 1, fallback: "2.0.0" }, /the fallback 2\.0\.0 is not older/);
  refuse("2.0.0", { percent: 1, fallback: "2.1.0-beta.1" }, /is not older/);
  const paused = withRollout(document, { version: "2.0.0", step: "pause" }, NOW).document;
  refuse("2.0.0", "pause", /paused already/, paused);
  const yanked = withYank(paused, { version: "2.0.0", reason: "x" }).document;
  refuse("2.0.0", "resume", /it was yanked \(x\)/, yanked);
  assert.ok(withRollout(yanked, { version: "2.0.0", step: "finish" }, NOW));
});

test("add() writes down what is known of a version and refuses one that is there", () => {
  const asset = { url: "x", sha256: "0".repeat(64) };
  const platforms = { "linux-x86_64": asset };
  const release = {
    version: "4.0.0",
    notes: "n",
    notesUrl: "https://n.example",
    minimumVersion: "2.0.0",
    critical: true,
  };
  const { document } = withRelease(DOCUMENT, release, platforms, NOW);
  assert.deepEqual(document.versions["4.0.0"], {
    date: "2026-01-15T12:00:00Z",
    notes: "n",
    release_notes: "https://n.example",
    minimum_version: "2.0.0",
    critical: true,
    platforms,
  });
  assert.throws(
    () => withRelease(DOCUMENT, { version: "2.0.0" }, platforms, NOW),
    /published versions never change/,
  );
  assert.throws(() => withRelease(DOCUMENT, { version: "v4" }, platforms, NOW), /no SemVer version/);
});

function at(hours: number): string {
  return new Date(NOW + hours * HOUR).toISOString().replace(".000", "");
}
