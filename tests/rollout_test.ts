import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rollout } from "../src/manifest.ts";
import { bucketOf, currentShare } from "../src/rollout.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

const shares: [name: string, rollout: Partial<Rollout>, hours: number, share: number][] = [
  ["stays without a duration", { percent: 10, start: START }, 1000, 10],
  ["stays without a start", { percent: 10, duration: 10 * HOUR }, 1000, 10],
  ["is nothing before the start", { percent: 100, start: START }, -0.001, 0],
  ["begins with the percentage", { percent: 20, start: START, duration: 10 * HOUR }, 0, 20],
  ["grows evenly", { percent: 20, start: START, duration: 10 * HOUR }, 5, 60],
  ["ends at everybody", { percent: 20, start: START, duration: 10 * HOUR }, 10, 100],
  ["does not go beyond everybody", { percent: 20, start: START, duration: 10 * HOUR }, 1000, 100],
  ["is the percentage when the duration is 0", { percent: 20, start: START, duration: 0 }, 1, 20],
  ["is nothing while paused", { percent: 100, start: START, duration: HOUR, paused: true }, 10, 0],
];

for (const [name, rollout, hours, share] of shares) {
  test(`currentShare() ${name}`, () => {
    const whole = { percent: 0, start: undefined, duration: undefined, fallback: undefined, paused: false };
    assert.equal(currentShare({ ...whole, ...rollout }, START + hours * HOUR), share);
  });
}

test("bucketOf() is the same for one installation and version, at every look", async () => {
  assert.equal(await bucketOf("a", "1.0.0"), await bucketOf("a", "1.0.0"));
});

test("bucketOf() does not mix up where the installation ends and the version begins", async () => {
  assert.notEqual(await bucketOf("a1", ".0.0"), await bucketOf("a", "1.0.0"));
});

test("bucketOf() puts an installation that cannot be told apart last, but inside a finished rollout", async () => {
  const bucket = await bucketOf(undefined, "1.0.0");
  assert(bucket > 99.9999 && bucket < 100);
});

test("bucketOf() spreads installations evenly, and every version has another early group", async () => {
  const ids = Array.from({ length: 2000 }, (_, i) => `installation ${i}`);
  const early = async (version: string) => {
    const buckets = await Promise.all(ids.map((id) => bucketOf(id, version)));
    assert(buckets.every((bucket) => bucket >= 0 && bucket < 100));
    return new Set(ids.filter((_, i) => buckets[i]! < 10));
  };
  const [first, second] = [await early("1.0.0"), await early("1.0.1")];
  // Of 2,000 installations 200 are expected in 10 percent, with a standard deviation of 13.4; of both groups 20.
  for (const group of [first, second]) assert(Math.abs(group.size - 200) < 60, String(group.size));
  const both = [...first].filter((id) => second.has(id)).length;
  assert(both > 2 && both < 50, String(both));
});
