import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Runtime } from "../../src/runtime/types.ts";
import { explore } from "./support/explore.ts";
import { interfered, postponed, stepNames, without } from "./support/sabotage.ts";
import { type Scenario, scenariosOn } from "./support/scenario.ts";

// The proof is worth something only if it fails for a sequence that is wrong: each test takes a copy of the real
// sequence, leaves out one flush or puts one step after another, and expects the exploration to find a violation.

const CLAIM = "a claim that is torn or lost has swapped nothing";
const ONE_RENAME = "a rollback is one rename, done or not, until it is reported as done";
const DOUBLED = "the next flush of the same folder comes before anything depends on it";

/** Every flush of a scenario: whether its loss must be noticed, or why it does no harm. */
const FLUSHES: readonly [scenario: string, flushes: readonly [name: string, spare?: string][]][] = [
  ["a second update", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["sync .app.new-*, after chmod .app.new-*"],
    ["sync .app.update.json.*.tmp, after remove .app.probe-*"],
    ["syncDirectory apps, after rename .app.update.json"],
    ["syncDirectory apps, after rename .app.old-*"],
    ["syncDirectory apps, after link app.backup"],
    ["syncDirectory apps, after rename app"],
    ["sync .probation.json.*.tmp, after remove probation.json"],
    ["syncDirectory state, after rename probation.json"],
    ["syncDirectory apps, after remove .app.old-*", "what comes back is swept"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["a first update whose file cannot be put in its place", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["sync .app.new-*, after chmod .app.new-*", "the file never takes its place"],
    ["sync .app.update.json.*.tmp, after remove .app.probe-*"],
    ["syncDirectory apps, after rename .app.update.json"],
    ["syncDirectory apps, after link app.backup", "the backup is removed again"],
    ["syncDirectory apps, after remove .app.new-*"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["an update without hard links", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["sync .app.update.json, after link .app.update.json", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["sync .app.new-*, after chmod .app.new-*"],
    ["sync .app.update.json.*.tmp, after remove .app.probe-*"],
    ["syncDirectory apps, after rename .app.update.json"],
    ["syncDirectory apps, after rename .app.old-*"],
    ["sync .app.old-*, after chmod .app.old-*"],
    ["syncDirectory apps, after rename app.backup"],
    ["syncDirectory apps, after rename app"],
    ["sync .probation.json.*.tmp, after remove probation.json"],
    ["syncDirectory state, after rename probation.json"],
    ["syncDirectory apps, after remove .app.old-*", "what comes back is swept"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["an update to a version that fails once it is live", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["sync .app.new-*, after chmod .app.new-*"],
    ["sync .app.update.json.*.tmp, after remove .app.probe-*"],
    ["syncDirectory apps, after rename .app.update.json"],
    ["syncDirectory apps, after rename .app.old-*"],
    ["syncDirectory apps, after link app.backup"],
    ["syncDirectory apps, after rename app", "the version is taken back"],
    ["sync .refused-versions.json.*.tmp, after remove .app.probe-*"],
    ["syncDirectory state, after rename refused-versions.json"],
    ["syncDirectory apps, after rename app (2)"],
    ["syncDirectory apps, after remove .app.old-*", DOUBLED],
    ["syncDirectory apps, after remove .app.old-* (2)", "the one before it is enough here"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["an update that keeps fewer versions than there are", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["sync .app.new-*, after chmod .app.new-*"],
    ["sync .app.update.json.*.tmp, after remove .app.probe-*"],
    [
      "syncDirectory apps, after rename .app.update.json",
      "the older backup gets its name back whatever the record says",
    ],
    ["syncDirectory apps, after rename app.backup.older-0003"],
    ["syncDirectory apps, after link app.backup"],
    ["syncDirectory apps, after rename app"],
    ["sync .probation.json.*.tmp, after remove probation.json"],
    ["syncDirectory state, after rename probation.json"],
    ["syncDirectory apps, after remove .app.new-*"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["a rollback by several versions", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["syncDirectory apps, after remove app.backup.older-0003"],
    ["syncDirectory apps, after rename app.backup"],
    ["syncDirectory apps, after rename app"],
    ["syncDirectory apps, after rename app.backup (2)"],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
  ["a rollback", [
    ["sync .app.update.json.*.tmp, after the start", CLAIM],
    ["syncDirectory apps, after remove .app.update.json.*.tmp", CLAIM],
    ["syncDirectory apps, after rename app", ONE_RENAME],
    ["syncDirectory apps, after remove .app.new-*", ONE_RENAME],
    ["syncDirectory apps, after remove .app.update.json"],
  ]],
];

for (const [name, flushes] of FLUSHES) {
  const scenario = scenarioNamed(name);
  test(`${name}: the table names every flush, in order`, async () => {
    deepEqual(
      (await stepsOf(scenario)).filter((step) => step.startsWith("sync")),
      flushes.map(([step]) => step),
    );
  });

  for (const [flush, spare] of flushes) {
    test(`${name}: without "${flush}" ${spare === undefined ? "a violation is found" : `all is well: ${spare}`}`, async () => {
      const sabotage = (runtime: Parameters<typeof without>[0]) => without(runtime, [flush]);
      const { violations } = await explore(scenario, { cuts: 1, enough: 1, sabotage });
      ok((violations.length > 0) === (spare === undefined), violations.join("\n"));
    });
  }
}

/** A step, and the later one of the same sequence that it is put behind. */
const EXCHANGED: readonly [scenario: string, steps: readonly [late: string, until: string][]][] = [
  ["a second update", [
    [
      "rename .app.update.json, after sync .app.update.json.*.tmp",
      "syncDirectory apps, after rename .app.update.json",
    ],
    ["syncDirectory apps, after rename .app.update.json", "rename .app.old-*, after syncDirectory apps"],
    ["rename .app.old-*, after syncDirectory apps", "syncDirectory apps, after rename .app.old-*"],
    ["syncDirectory apps, after rename .app.old-*", "link app.backup, after syncDirectory apps"],
    ["link app.backup, after syncDirectory apps", "syncDirectory apps, after link app.backup"],
    ["link app.backup, after syncDirectory apps", "rename app, after syncDirectory apps"],
    ["syncDirectory apps, after link app.backup", "rename app, after syncDirectory apps"],
    ["rename app, after syncDirectory apps", "syncDirectory apps, after rename app"],
    ["syncDirectory apps, after rename app", "remove .app.update.json, after syncDirectory apps"],
    [
      "rename probation.json, after sync .probation.json.*.tmp",
      "remove .app.update.json, after syncDirectory apps",
    ],
  ]],
  ["an update to a version that fails once it is live", [
    [
      "rename refused-versions.json, after sync .refused-versions.json.*.tmp",
      "syncDirectory apps, after rename app (2)",
    ],
    ["syncDirectory apps, after rename app (2)", "rename app.backup, after syncDirectory apps"],
  ]],
  ["an update that keeps fewer versions than there are", [
    [
      "rename app.backup.older-0003, after syncDirectory apps",
      "syncDirectory apps, after rename app.backup.older-0003",
    ],
    ["syncDirectory apps, after rename app.backup.older-0003", "link app.backup, after syncDirectory apps"],
    ["link app.backup, after syncDirectory apps", "rename app, after syncDirectory apps"],
    [
      "remove app.backup.older-0001, after remove app.backup.older-0002",
      "remove .app.update.json, after syncDirectory apps",
    ],
  ]],
  ["a rollback by several versions", [
    [
      "remove app.backup.older-0003, after remove .app.probe-*",
      "rename app.backup, after syncDirectory apps",
    ],
    ["syncDirectory apps, after remove app.backup.older-0003", "rename app.backup, after syncDirectory apps"],
    ["rename app.backup, after syncDirectory apps", "rename app, after syncDirectory apps"],
    ["syncDirectory apps, after rename app", "rename app.backup, after remove .app.new-*"],
    ["rename app.backup, after remove .app.new-*", "remove .app.update.json, after syncDirectory apps"],
  ]],
];

for (const [name, steps] of EXCHANGED) {
  for (const [late, until] of steps) {
    test(`${name}: with "${late}" put behind "${until}" a violation is found`, async () => {
      const scenario = scenarioNamed(name);
      const all = await stepsOf(scenario);
      ok(all.includes(late) && all.includes(until), `the steps are ${all.join("\n")}`);
      const { violations } = await explore(scenario, {
        cuts: 1,
        enough: 1,
        sabotage: (runtime) => postponed(runtime, late, until),
      });
      ok(violations.length > 0);
    });
  }
}

// What a recovery does depends on what it finds, so that its steps have no fixed order: each of these leaves a step of
// every recovery out, or puts it at the end.
const RECOVERIES: readonly [scenario: string, title: string, sabotage: (runtime: Runtime) => Runtime][] = [
  [
    "a second update",
    "probation begins after the record is gone",
    (runtime) => postponed(runtime, /^rename probation\.json/, /^remove \.app\.update\.json,/),
  ],
  [
    "a second update",
    "the new record of probation is not flushed",
    (runtime) => without(runtime, [/^sync \.probation\.json/]),
  ],
  [
    "a second update",
    "the folder of the state is not flushed",
    (runtime) => without(runtime, [/^syncDirectory state/]),
  ],
  [
    "a second update",
    "the folder is not flushed before the record is removed",
    (runtime) => without(runtime, [/^syncDirectory apps, after (?!remove \.app\.update\.json,)/]),
  ],
  [
    "an update to a version that fails once it is live",
    "a bad version is remembered after it is taken back",
    (
      runtime,
    ) => postponed(runtime, /^rename refused-versions\.json/, /^remove \.app\.update\.json,/),
  ],
  [
    "an update to a version that fails once it is live",
    "what is remembered is not flushed",
    (runtime) => without(runtime, [/^sync \.refused-versions\.json/, /^syncDirectory state/]),
  ],
  [
    "an update that keeps fewer versions than there are",
    "backups go after the record",
    (runtime) => postponed(runtime, /^remove app\.backup\.older-0001/, /^remove \.app\.update\.json,/),
  ],
];

for (const [name, title, sabotageRecovery] of RECOVERIES) {
  test(`the recovery of ${name}: a violation is found when ${title}`, async () => {
    const { violations } = await explore(scenarioNamed(name), { cuts: 2, enough: 1, sabotageRecovery });
    ok(violations.length > 0);
  });
}

function scenarioNamed(name: string): Scenario {
  const scenario = scenariosOn("linux").find((one) => one.name === name);
  if (scenario === undefined) throw new RangeError(`Cannot find the scenario ${name}`);
  return scenario;
}

async function stepsOf(scenario: Scenario): Promise<string[]> {
  const nameOf = stepNames();
  const steps: string[] = [];
  await explore(scenario, {
    cuts: 1,
    enough: 0,
    sabotage: (runtime) =>
      interfered(runtime, (step, carryOut) => {
        steps.push(nameOf(step));
        return carryOut();
      }),
  });
  return steps;
}
