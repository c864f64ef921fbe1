import assert from "node:assert/strict";
import { test } from "node:test";
import { lint, refresh } from "../../src/publish/mod.ts";
import { DAY } from "../support/publisher.ts";
import { edited, withRelease } from "../support/released.ts";

test("lint() finds nothing in a good folder", async () => {
  await withRelease(async ({ folder, runtime }) => assert.deepEqual(await lint(folder, { runtime }), []));
});

test("lint() finds what a client would refuse and what a person would regret", async () => {
  await withRelease(async ({ folder, runtime, clock }) => {
    const previous = JSON.stringify({
      sequence: 99,
      latest: { stable: "2.0.0", beta: "1.0.0" },
      versions: { "2.0.0": {}, "1.0.0": {} },
    });
    const { document } = await edited(folder, (manifest) => {
      manifest.latest["nightly"] = "3.0.0";
      manifest.latest["dead"] = "0.8.0";
      manifest.latest["empty"] = "0.9.0";
      manifest.versions["0.8.0"] = { yanked: "x", platforms: manifest.versions["1.0.0"].platforms };
      manifest.versions["0.9.0"] = {};
      manifest.versions["1.1.0"] = {
        minimum_version: "7.0.0",
        rollout: { percent: 1, fallback: "1.1.0" },
        platforms: { "linux-x86_64": { url: "http://example.com/x.zip", sha256: "0".repeat(64) } },
      };
    });
    assert.ok(document);
    clock.now += 80 * DAY;
    const found = (await lint(folder, { runtime, previous })).map(({ level, where, message }) =>
      `${level} ${where}: ${message}`
    );
    for (
      const expected of [
        /^error signature: Cannot trust .* does not fit/,
        /^warning expires: the manifest has 10 days left/,
        /^error sequence: it is 4, the previous one 99/,
        /^error latest.nightly: there is no version 3.0.0/,
        /^error latest.dead: 0.8.0 was yanked/,
        /^error latest.empty: 0.9.0 has no files/,
        /^error versions.1.1.0.minimum_version: there is no version 7.0.0/,
        /^error versions.1.1.0.rollout.fallback: 1.1.0 is not older than 1.1.0/,
        /^warning versions.1.1.0.linux-x86_64: x.zip is no usual name/,
        /^warning versions.1.1.0.linux-x86_64: it has no size/,
        /^warning versions.1.1.0.linux-x86_64: it has no digest of the executable/,
        /^error versions.1.1.0.linux-x86_64: http:\/\/example.com\/x.zip is not https/,
        /^warning versions.1.1.0: it has no darwin-arm64, which 1.0.0 has/,
        /^warning latest.stable: it goes back from 2.0.0 to 1.0.0/,
        /^warning latest.beta: the channel is gone/,
      ]
    ) {
      assert.ok(found.some((line) => expected.test(line)), `${expected} in\n${found.join("\n")}`);
    }
    assert.ok(!found.join().includes("tell its publisher"), "the publisher reads this");
    clock.now += 230 * DAY;
    assert.ok(
      (await lint(folder, { runtime })).some(({ where }) => where === "1.root.json"),
      "the root has 55 days left",
    );
  });
});

test("lint() warns of less than two weeks also of a manifest that was made to hold for three", async () => {
  await withRelease(async ({ folder, runtime, clock, key }) => {
    await refresh(folder, { keys: [key], runtime, validity: 21 * DAY });
    for (const [passed, expected] of [[7, []], [8, ["expires"]]] as const) {
      const runtimeThen = { ...runtime, now: () => clock.now + passed * DAY };
      assert.deepEqual((await lint(folder, { runtime: runtimeThen })).map(({ where }) => where), expected);
    }
  });
});
