import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, type Situation } from "../src/choose.ts";
import { bucketOf } from "../src/rollout.ts";
import { failsWith } from "./support/fails_with.ts";
import { ASSET, parsed } from "./support/manifest_documents.ts";

const NOW = Date.UTC(2026, 0, 15);
const DAY = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

/** What is asked, and what is offered: the version and the reason, or nothing. */
interface Row {
  readonly name: string;
  /** The channel's head; 2.0.0 unless given. */
  readonly head?: string;
  /** The versions and their fields besides a file for Linux. */
  readonly versions: Readonly<Record<string, Fields>>;
  readonly situation?: Partial<Situation>;
  readonly offered: [version: string, reason: string] | undefined;
  /** The rule that said no last, where nothing is offered. */
  readonly because?: string;
}

const rows: readonly Row[] = [
  // The channel's head.
  {
    name: "offers the head of the channel to an older installation",
    versions: { "2.0.0": {}, "1.5.0": {} },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers nothing to an installation of the head",
    versions: { "1.0.0": {} },
    head: "1.0.0",
    offered: undefined,
    because: "newer",
  },
  {
    name: "offers nothing to an installation that is newer than the head",
    versions: { "0.9.0": {} },
    head: "0.9.0",
    offered: undefined,
    because: "newer",
  },
  {
    name: "offers the head even where newer versions exist",
    versions: { "2.0.0": {}, "3.0.0": {} },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "goes by SemVer, not by dates or strings",
    head: "10.0.0",
    versions: { "10.0.0": { date: "2020-01-01T00:00:00Z" }, "9.0.0": { date: "2025-01-01T00:00:00Z" } },
    situation: { currentVersion: "9.0.0" },
    offered: ["10.0.0", "newer"],
  },
  {
    name: "goes back to an older head only where that is welcome",
    head: "0.9.0",
    versions: { "0.9.0": {} },
    situation: { allowDowngrade: true },
    offered: ["0.9.0", "newer"],
  },

  // Withdrawn versions.
  {
    name: "offers the newest version below a withdrawn head",
    versions: { "2.0.0": { yanked: "loses data" }, "1.5.0": {}, "1.6.0": {} },
    offered: ["1.6.0", "newer"],
  },
  {
    name: "offers nothing below a withdrawn head that is not newer than the installed version",
    versions: { "2.0.0": { yanked: "loses data" }, "1.0.0": {}, "0.9.0": {} },
    offered: undefined,
    because: "yanked",
  },
  {
    name: "offers the older head to an installation of a withdrawn version",
    head: "0.9.0",
    versions: { "0.9.0": {}, "1.0.0": { yanked: "loses data" } },
    offered: ["0.9.0", "yanked"],
  },
  {
    name: "offers a newer head to an installation of a withdrawn version",
    versions: { "2.0.0": {}, "1.0.0": { yanked: "loses data" } },
    offered: ["2.0.0", "yanked"],
  },
  {
    name: "leads an installation of the withdrawn head back to the newest good version",
    head: "1.0.0",
    versions: { "1.0.0": { yanked: "loses data" }, "0.9.0": {}, "0.8.0": {} },
    offered: ["0.9.0", "yanked"],
  },
  {
    name: "offers nothing where every version is withdrawn",
    head: "1.0.0",
    versions: { "1.0.0": { yanked: "a" }, "0.9.0": { yanked: "b" } },
    offered: undefined,
    because: "yanked",
  },
  {
    name: "does not offer a withdrawn version to who asks for it by name",
    versions: { "2.0.0": { yanked: "loses data" } },
    situation: { version: "2.0.0", manual: true },
    offered: undefined,
    because: "yanked",
  },

  // Versions that failed here.
  {
    name: "offers no version that the channel does not point to when its head failed here before",
    versions: { "2.0.0": {}, "1.5.0": {} },
    situation: { refused: ["2.0.0"] },
    offered: undefined,
    because: "channel",
  },
  {
    name: "leaves a withdrawn version for an older one when the channel's head failed here before",
    versions: { "2.0.0": {}, "1.5.0": {}, "1.0.0": { yanked: "loses data" }, "0.9.0": {} },
    situation: { refused: ["2.0.0"] },
    offered: ["0.9.0", "yanked"],
  },
  {
    name: "offers the next head of the channel after one that failed here before",
    head: "2.0.1",
    versions: { "2.0.1": {}, "2.0.0": {} },
    situation: { refused: ["2.0.0"] },
    offered: ["2.0.1", "newer"],
  },
  {
    name: "offers a version that failed here before to who asks for it by name",
    versions: { "2.0.0": {} },
    situation: { refused: ["2.0.0"], version: "2.0.0" },
    offered: ["2.0.0", "requested"],
  },

  // Pin.
  {
    name: "stays within the pin",
    versions: { "2.0.0": {}, "1.6.0": {}, "1.5.0": {} },
    situation: { pin: "1.x" },
    offered: ["1.6.0", "newer"],
  },
  {
    name: "offers nothing where the pin leaves nothing newer",
    versions: { "2.0.0": {} },
    situation: { pin: "~1.0" },
    offered: undefined,
    because: "pin",
  },
  {
    name: "offers a version outside the pin to who asks for it by name",
    versions: { "2.0.0": {} },
    situation: { pin: "1.x", version: "2.0.0" },
    offered: ["2.0.0", "requested"],
  },

  // Minimum age.
  {
    name: "waits until a version is old enough, and offers an older one meanwhile",
    versions: { "2.0.0": { date: dateOf(2) }, "1.5.0": { date: dateOf(3) } },
    situation: { minimumAge: 3 * DAY },
    offered: ["1.5.0", "newer"],
  },
  {
    name: "offers a version at exactly the minimum age",
    versions: { "2.0.0": { date: dateOf(3) } },
    situation: { minimumAge: 3 * DAY },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "does not offer a version of unknown age where an age is asked for",
    versions: { "2.0.0": {} },
    situation: { minimumAge: 1 },
    offered: undefined,
    because: "minimum-age",
  },
  {
    name: "does not ask a person to wait for the minimum age",
    versions: { "2.0.0": { date: dateOf(0) } },
    situation: { minimumAge: 3 * DAY, manual: true },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "does not let a critical version wait for the minimum age",
    versions: { "2.0.0": { date: dateOf(0), critical: true } },
    situation: { minimumAge: 3 * DAY },
    offered: ["2.0.0", "newer"],
  },

  // Minimum system.
  {
    name: "offers what runs on the system",
    versions: { "2.0.0": { minimum_os: { linux: "6.10" } }, "1.5.0": { minimum_os: { linux: "6.9" } } },
    situation: { osVersion: "6.9.3" },
    offered: ["1.5.0", "newer"],
  },
  {
    name: "compares the system's version number by number",
    versions: { "2.0.0": { minimum_os: { linux: "6.9" } } },
    situation: { osVersion: "6.10" },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "does not ask another system's minimum",
    versions: { "2.0.0": { minimum_os: { darwin: "99" } } },
    situation: { osVersion: "6.9" },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "gives a system of unknown version the benefit of the doubt",
    versions: { "2.0.0": { minimum_os: { linux: "99" } } },
    offered: ["2.0.0", "newer"],
  },

  // Stepping stones.
  {
    name: "leads an old installation through the stepping stone",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": {} },
    offered: ["1.5.0", "stepping-stone"],
  },
  {
    name: "leads straight to the head from the stepping stone on",
    versions: { "2.0.0": { minimum_version: "1.0.0" }, "1.0.0": {} },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "follows a chain of stepping stones down to the first",
    head: "4.0.0",
    versions: {
      "4.0.0": { minimum_version: "3.0.0" },
      "3.0.0": { minimum_version: "2.0.0" },
      "2.0.0": { minimum_version: "0.5.0" },
    },
    offered: ["2.0.0", "stepping-stone"],
  },
  {
    name: "offers nothing where the stepping stone is missing",
    versions: { "2.0.0": { minimum_version: "1.5.0" } },
    offered: undefined,
    because: "minimum-version",
  },
  {
    name: "offers nothing where the stepping stone was withdrawn",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": { yanked: "broken" } },
    offered: undefined,
    because: "yanked",
  },
  {
    name: "offers nothing where the stepping stone failed here before",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": {} },
    situation: { refused: ["1.5.0"] },
    offered: undefined,
    because: "refused",
  },
  {
    name: "offers nothing where the stepping stone does not run on the system",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": { minimum_os: { linux: "7" } } },
    situation: { osVersion: "6" },
    offered: undefined,
    because: "minimum-os",
  },
  {
    name: "ends at a version that is its own stepping stone",
    versions: { "2.0.0": { minimum_version: "2.0.0" } },
    offered: undefined,
    because: "minimum-version",
  },
  {
    name: "ends at two versions that are each other's stepping stones",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": { minimum_version: "2.0.0" } },
    offered: undefined,
    because: "minimum-version",
  },
  {
    name: "leads who asks for a version by name through the stepping stone too",
    versions: { "2.0.0": { minimum_version: "1.5.0" }, "1.5.0": {} },
    situation: { version: "2.0.0", manual: true },
    offered: ["1.5.0", "stepping-stone"],
  },

  // Rollout.
  {
    name: "offers a finished rollout to everybody",
    versions: { "2.0.0": { rollout: { percent: 100 } } },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers a finished rollout to an installation that cannot be told apart",
    versions: { "2.0.0": { rollout: { percent: 100 } } },
    situation: { installationId: undefined },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers an unfinished rollout last to an installation that cannot be told apart",
    versions: { "2.0.0": { rollout: { percent: 99 } } },
    situation: { installationId: undefined },
    offered: undefined,
    because: "rollout",
  },
  {
    name: "offers a rollout of 0 percent to nobody",
    versions: { "2.0.0": { rollout: { percent: 0 } } },
    offered: undefined,
    because: "rollout",
  },
  {
    name: "offers a paused rollout to nobody",
    versions: { "2.0.0": { rollout: { percent: 100, paused: true } } },
    offered: undefined,
    because: "rollout",
  },
  {
    name: "offers a rollout to everybody once its duration is over",
    versions: { "2.0.0": { rollout: { percent: 0, start: dateOf(4), duration: "3d" } } },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers a rollout to nobody before it starts",
    versions: { "2.0.0": { rollout: { percent: 100, start: dateOf(-1), duration: "3d" } } },
    offered: undefined,
    because: "rollout",
  },
  {
    name: "offers the fallback outside the rollout",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } }, "1.5.0": {} },
    offered: ["1.5.0", "fallback"],
  },
  {
    name: "offers nothing where the fallback is the installed version",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.0.0" } }, "1.0.0": {} },
    offered: undefined,
    because: "newer",
  },
  {
    name: "offers nothing where the fallback is not in the manifest",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } } },
    offered: undefined,
    because: "rollout",
  },
  {
    name: "does not fall back to a withdrawn version",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } }, "1.5.0": { yanked: "broken" } },
    offered: undefined,
    because: "yanked",
  },
  {
    name: "does not fall back to a version that failed here before",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } }, "1.5.0": {} },
    situation: { refused: ["1.5.0"] },
    offered: undefined,
    because: "refused",
  },
  {
    name: "does not fall back to a version outside the pin",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } }, "1.5.0": {} },
    situation: { pin: ">=2" },
    offered: undefined,
    because: "pin",
  },
  {
    name: "leads to the fallback through its stepping stone",
    versions: {
      "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } },
      "1.5.0": { minimum_version: "1.2.0" },
      "1.2.0": {},
    },
    offered: ["1.2.0", "fallback"],
  },
  {
    name: "asks the stepping stone's rollout, not the head's",
    versions: {
      "2.0.0": { minimum_version: "1.5.0", rollout: { percent: 0 } },
      "1.5.0": {},
    },
    offered: ["1.5.0", "stepping-stone"],
  },
  {
    name: "offers a rollout to a person who asks, also a paused one",
    versions: { "2.0.0": { rollout: { percent: 0, paused: true } } },
    situation: { manual: true },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers a critical version to everybody",
    versions: { "2.0.0": { critical: true, rollout: { percent: 0 } } },
    offered: ["2.0.0", "newer"],
  },
  {
    name: "offers a version in a rollout to who asks for it by name",
    versions: { "2.0.0": { rollout: { percent: 0, fallback: "1.5.0" } }, "1.5.0": {} },
    situation: { version: "2.0.0" },
    offered: ["2.0.0", "requested"],
  },

  // A version by name.
  {
    name: "offers the version that was asked for, not the head",
    versions: { "2.0.0": {}, "1.5.0": {} },
    situation: { version: "1.5.0" },
    offered: ["1.5.0", "requested"],
  },
  {
    name: "offers an older version that was asked for where that is welcome",
    versions: { "2.0.0": {}, "0.9.0": {} },
    situation: { version: "0.9.0", allowDowngrade: true },
    offered: ["0.9.0", "requested"],
  },
  {
    name: "offers nothing where the installed version was asked for",
    versions: { "2.0.0": {}, "1.0.0": {} },
    situation: { version: "1.0.0" },
    offered: undefined,
    because: "newer",
  },

  // Prereleases.
  {
    name: "goes down from a stable head to stable versions only",
    versions: { "2.0.0": { yanked: "broken" }, "2.0.0-beta.1": {}, "1.5.0": {} },
    offered: ["1.5.0", "newer"],
  },
  {
    name: "goes down from a beta to betas and stable versions, not to nightlies",
    head: "2.0.0-beta.2",
    versions: { "2.0.0-beta.2": { yanked: "broken" }, "2.0.0-beta.1": {}, "2.0.0-alpha.9": {}, "1.5.0": {} },
    offered: ["2.0.0-beta.1", "newer"],
  },
];

for (const { name, head = "2.0.0", versions, situation, offered, because } of rows) {
  test(`choose() ${name}`, async () => {
    const { verdicts, choice } = await choose(manifestOf(head, versions), situationWith(situation));
    assert.deepEqual(choice && [choice.release.version, choice.reason], offered);
    if (because !== undefined) assert.equal(verdicts.filter(({ passed }) => !passed).at(-1)?.rule, because);
    assert.equal(verdicts[0]?.rule, "channel");
  });
}

test("choose() asks the rules in the contract's order", async () => {
  const fields = {
    date: dateOf(10),
    minimum_os: { linux: "5" },
    minimum_version: "0.5.0",
    rollout: { percent: 100 },
  };
  const situation = situationWith({ pin: "2.x", minimumAge: DAY, osVersion: "6" });
  const { verdicts } = await choose(manifestOf("2.0.0", { "2.0.0": fields }), situation);
  assert.deepEqual(verdicts.map(({ rule }) => rule), [
    "channel",
    "pin",
    "minimum-age",
    "minimum-os",
    "rollout",
    "newer",
    "platform",
  ]);
});

test("choose() tells why it went past a version, in words", async () => {
  const versions = { "2.0.0": { yanked: "loses data" }, "1.5.0": {} };
  const { verdicts, latest } = await choose(manifestOf("2.0.0", versions), situationWith());
  assert.equal(latest, "2.0.0");
  assert.deepEqual(verdicts.map(({ version, passed, reason }) => [version, passed, reason]), [
    ["2.0.0", true, "channel stable points to version 2.0.0"],
    ["2.0.0", false, "it was withdrawn: loses data"],
    ["1.5.0", true, "it is newer than the installed 1.0.0"],
    ["1.5.0", true, "it has a file for linux-x86_64"],
  ]);
});

test("choose() gives the same installations a version at every look, and grows the group", async () => {
  const id = "installation";
  const bucket = await bucketOf(id, "2.0.0");
  const at = async (percent: number) => {
    const manifest = manifestOf("2.0.0", { "2.0.0": { rollout: { percent } } });
    return (await choose(manifest, situationWith({ installationId: id }))).choice !== undefined;
  };
  assert.equal(await at(Math.max(0, bucket - 0.001)), false);
  assert.equal(await at(bucket + 0.001), true);
  assert.equal(await at(100), true);
});

test("choose() gives two versions different early groups", async () => {
  const groupOf = async (version: string) => {
    const manifest = manifestOf(version, { [version]: { rollout: { percent: 50 } } });
    const ids = Array.from({ length: 64 }, (_, i) => `installation ${i}`);
    const chosen = ids.map(async (installationId) =>
      (await choose(manifest, situationWith({ installationId }))).choice !== undefined
    );
    return (await Promise.all(chosen)).map(Number).join("");
  };
  const [first, again, other] = [await groupOf("2.0.0"), await groupOf("2.0.0"), await groupOf("2.0.1")];
  assert.equal(first, again);
  assert.notEqual(first, other);
});

const targets: [target: string, files: string[], chosen: string | undefined][] = [
  ["linux-x86_64", ["linux-x86_64", "linux-x86_64-musl"], "linux-x86_64"],
  ["linux-x86_64", ["linux-x86_64-musl"], "linux-x86_64-musl"],
  ["linux-x86_64-musl", ["linux-x86_64"], undefined],
  ["linux-x86_64-musl", ["linux-x86_64", "x86_64-unknown-linux-musl"], "linux-x86_64-musl"],
  ["darwin-arm64", ["darwin-x86_64", "aarch64-apple-darwin"], "darwin-arm64"],
  ["darwin-arm64", ["darwin-x86_64"], "darwin-x86_64"],
  ["darwin-x86_64", ["darwin-arm64"], undefined],
  ["windows-aarch64", ["windows-x86_64"], "windows-x86_64"],
  ["x86_64-unknown-linux-gnu", ["linux-x64"], "linux-x86_64"],
];

for (const [target, files, chosen] of targets) {
  test(`choose() gives ${target} ${chosen ?? "nothing"} of ${files.join(", ")}`, async () => {
    const platforms = Object.fromEntries(files.map((file) => [file, { ...ASSET, url: `${file}.gz` }]));
    const choosing = choose(manifestOf("2.0.0", { "2.0.0": { platforms } }), situationWith({ target }));
    if (chosen !== undefined) return assert.equal((await choosing).choice?.target, chosen);
    await failsWith(choosing, "ASSET_MISSING", { target });
  });
}

test("choose() says which platform a version has no file for", async () => {
  const manifest = manifestOf("2.0.0", { "2.0.0": { platforms: { "darwin-arm64": ASSET } } });
  await assert.rejects(choose(manifest, situationWith()), {
    code: "ASSET_MISSING",
    message:
      "No release asset found for platform linux-x86_64 (linux, x86_64): version 2.0.0 has darwin-arm64",
    details: {
      target: "linux-x86_64",
      os: "linux",
      arch: "x86_64",
      version: "2.0.0",
      available: ["darwin-arm64"],
    },
  });
});

test("choose() does not miss a file of a version that is not newer", async () => {
  const manifest = manifestOf("1.0.0", { "1.0.0": { platforms: {} } });
  assert.equal((await choose(manifest, situationWith())).choice, undefined);
});

test("choose() rejects a channel that the manifest does not have", async () => {
  const choosing = choose(manifestOf("2.0.0", { "2.0.0": {} }), situationWith({ channel: "beta" }));
  await failsWith(choosing, "CHANNEL_MISSING", { channel: "beta", available: ["stable"] });
});

test("choose() rejects a channel that points nowhere", async () => {
  const choosing = choose(manifestOf("2.0.0", {}), situationWith());
  await failsWith(choosing, "CHANNEL_MISSING", { channel: "stable" });
});

for (const channel of ["__proto__", "constructor", "toString"]) {
  test(`choose() finds no channel ${channel} where there is none`, async () => {
    const choosing = choose(manifestOf("2.0.0", { "2.0.0": {} }), situationWith({ channel }));
    await failsWith(choosing, "CHANNEL_MISSING", { channel });
  });
}

test("choose() rejects a version that the manifest does not have, newest of the others first", async () => {
  const versions = { "2.0.0": {}, "1.10.0": {}, "1.9.0": {} };
  await failsWith(
    choose(manifestOf("2.0.0", versions), situationWith({ version: "3.0.0" })),
    "VERSION_MISSING",
    { version: "3.0.0", available: ["2.0.0", "1.10.0", "1.9.0"] },
  );
});

test("choose() rejects an older version that was asked for unless that is welcome", async () => {
  const choosing = choose(
    manifestOf("2.0.0", { "2.0.0": {}, "0.9.0": {} }),
    situationWith({ version: "0.9.0" }),
  );
  await failsWith(
    choosing,
    "DOWNGRADE",
    { from: "1.0.0", to: "0.9.0" },
  );
});

test("choose() tells its caller about a pin that cannot be read", async () => {
  const choosing = choose(manifestOf("2.0.0", { "2.0.0": {} }), situationWith({ pin: "newest" }));
  await assert.rejects(choosing, TypeError);
});

function manifestOf(head: string, versions: Readonly<Record<string, Fields>>) {
  const platforms = { "linux-x86_64": ASSET };
  const filled = Object.entries(versions).map(([version, fields]) => [version, { platforms, ...fields }]);
  return parsed({ latest: { stable: head }, versions: Object.fromEntries(filled) });
}

function situationWith(changes: Partial<Situation> = {}): Situation {
  return {
    currentVersion: "1.0.0",
    target: "linux-x86_64",
    machine: { os: "linux", arch: "x86_64" },
    osVersion: undefined,
    channel: "stable",
    version: undefined,
    allowDowngrade: false,
    pin: undefined,
    minimumAge: 0,
    manual: false,
    installationId: "installation",
    refused: [],
    now: NOW,
    ...changes,
  };
}

function dateOf(daysAgo: number): string {
  return new Date(NOW - daysAgo * DAY).toISOString();
}
