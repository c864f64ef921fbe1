import { test } from "node:test";
import assert from "node:assert/strict";
import { type Counts, countTests, runStage, summary } from "../../scripts/stage.ts";

interface Row {
  readonly runner: string;
  readonly output: string;
  readonly success: boolean;
  readonly counts: Counts;
}

const ROWS: readonly Row[] = [
  { runner: "Deno", output: "ok | 12 passed | 0 failed (3s)", success: true, counts: counts(12, 0, 0) },
  {
    runner: "Deno with steps",
    output: "ok | 3 passed (9 steps) | 0 failed | 2 ignored (1s)",
    success: true,
    counts: counts(3, 0, 2),
  },
  {
    runner: "Deno in colour",
    output: "\x1b[31mFAILED\x1b[0m | 3 passed | 1 failed (2 steps) (1s)\n\nerror: Test failed",
    success: false,
    counts: counts(3, 1, 0),
  },
  {
    runner: "Node's spec reporter",
    output: "ℹ pass 5\nℹ fail 1\nℹ cancelled 2\nℹ skipped 4",
    success: false,
    counts: counts(5, 3, 4),
  },
  {
    runner: "Node's TAP reporter",
    output: "# pass 5\n# fail 0\n# cancelled 0\n# skipped 1",
    success: true,
    counts: counts(5, 0, 1),
  },
  {
    runner: "Bun",
    output: " 7 pass\n 1 skip\n 2 fail\n 30 expect() calls",
    success: false,
    counts: counts(7, 2, 1),
  },
  {
    runner: "a stage of our own",
    output: "3 passed, 1 failed\nmore\n10 passed, 0 failed",
    success: true,
    counts: counts(10, 0, 0),
  },
  {
    runner: "a runner that failed after its tests",
    output: "ok | 12 passed | 0 failed (3s)",
    success: false,
    counts: counts(12, 1, 0),
  },
  { runner: "a runner that said nothing", output: "Killed", success: false, counts: counts(0, 1, 0) },
  {
    runner: "a runner without tests",
    output: "ok | 0 passed | 0 failed (0s)",
    success: true,
    counts: counts(0, 1, 0),
  },
];

for (const { runner, output, success, counts } of ROWS) {
  test(`countTests() reads ${runner}`, () => {
    assert.deepEqual(countTests(output, { success }), counts);
  });
}

test("runStage() counts a command that cannot be started as one failure", async () => {
  const result = await runStage({ name: "x", command: "/does/not/exist", args: [], kind: "tests" });
  assert.deepEqual([result.passed, result.failed], [0, 1]);
});

test("runStage() counts a check by its exit code", async () => {
  const check = (code: number) =>
    runStage({ name: "x", command: Deno.execPath(), args: ["eval", `Deno.exit(${code})`], kind: "check" });
  assert.equal((await check(0)).passed, 1);
  assert.equal((await check(3)).failed, 1);
});

test("summary() is content only when something passed and nothing failed, and ends with the sum", () => {
  const result = (passed: number, failed: number) => ({ name: "x", passed, failed, skipped: 0, seconds: 0 });
  assert.equal(summary([result(1, 0)]).good, true);
  assert.equal(summary([result(1, 0), result(0, 1)]).good, false);
  assert.equal(summary([]).good, false);
  assert.equal(summary([result(3, 0), result(2, 1)]).lines.at(-1), "5 passed, 1 failed");
});

function counts(passed: number, failed: number, skipped: number): Counts {
  return { passed, failed, skipped };
}
