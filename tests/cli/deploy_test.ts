/** The files in `deploy/` for systemd and cron say what the program and the documentation say. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { systemdUnit } from "../../src/service/systemd_unit.ts";
import { guideScript, guideUnit } from "../support/administrator_guide.ts";

const shipped = (path: string): Promise<string> =>
  readFile(new URL(`../../deploy/${path}`, import.meta.url), "utf8");

/** The settings of a unit, without comments. */
function settings(unit: string): string[] {
  return unit.split("\n").filter((line) => /^[A-Z]\w+=/.test(line));
}

test("deploy/systemd/cco.service is what cco daemon install --system makes of /usr/local/bin/cco", async () => {
  const program = {
    executable: "/usr/local/bin/cco",
    args: ["run"],
    env: { HOME: "/root" },
    writable: ["/usr/local/bin", "/root/.local/state/cco"],
    scope: "system",
  } as const;
  assert.equal(await shipped("systemd/cco.service"), systemdUnit(program));
});

test("the shipped timer has everything that the guide's has, and waits for no network", async () => {
  const [ours, theirs] = [
    settings(await shipped("systemd/cco-update.timer")),
    settings(guideUnit("OnCalendar=")),
  ];
  assert.deepEqual(theirs.filter((line) => !ours.includes(line)), ["After=network.target"]);
});

test("the shipped service has everything that the guide's has", async () => {
  const ours = settings(await shipped("systemd/cco-update.service"));
  const theirs = settings(guideUnit("ExecStart=/usr/local/bin/cco update --yes"));
  assert.deepEqual(theirs.filter((line) => !ours.includes(line)), []);
});

test("the shipped cron line is the guide's for Saturdays, with an account, a delay and the exit code", async () => {
  const line = (await shipped("cron/cco-update")).trimEnd().split("\n").at(-1)!;
  const guide = guideScript("0 3 * * 6 ").trim();
  assert.equal(guide, "0 3 * * 6 /usr/local/bin/cco update --yes 2>&1 | logger -t cco-update");
  assert(line.startsWith("0 3 * * 6 root "), line);
  assert(
    line.includes("/usr/local/bin/cco update --yes 2>&1 ") && line.endsWith(" | logger -t cco-update"),
    line,
  );
  // To cron a percent sign is the end of the command.
  assert(!line.includes("%"));
});
