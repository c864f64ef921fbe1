/** The guide's timer, its cron lines, and what is shipped in their place, run as they stand by a real systemd and a shell. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { guideScript, guideUnit } from "../support/administrator_guide.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";
import { freePort } from "../support/free_port.ts";
import { noSystemd, startSystemd, type TestSystemd } from "./support/systemd.ts";

const skip = noSystemd() ?? false;

/** A machine on which the guide has been followed so far: `/usr/local/bin/cco`, and root's settings. */
async function machine(
  t: TestContext,
): Promise<{ systemd: TestSystemd; release: Published; sh: (script: string) => Promise<string> }> {
  const release = await published(t);
  const { home, server } = release;
  const systemd = await startSystemd(t, home.folder);
  const sh = async (script: string): Promise<string> => {
    const { code, text } = await systemd.run("/bin/sh", ["-c", script], { HOME: "/root", WORK: home.folder });
    assert.equal(code, 0, text);
    return text;
  };
  await sh(`cp ${home.executable} /usr/local/bin/cco`);
  await sh(`/usr/local/bin/cco config set updates.sources ${server.base}version-manifest.json`);
  return { systemd, release, sh };
}

const shipped = (name: string): Promise<string> =>
  Deno.readTextFile(new URL(`../../deploy/systemd/${name}`, import.meta.url));
const UNITS = [
  {
    whose: "the guide's",
    timer: () => Promise.resolve(guideUnit("OnCalendar=")),
    service: () => Promise.resolve(guideUnit("ExecStart=/usr/local/bin/cco update --yes")),
  },
  {
    whose: "the shipped",
    timer: () => shipped("cco-update.timer"),
    service: () => shipped("cco-update.service"),
  },
] as const;

for (const { whose, timer, service } of UNITS) {
  test(`${whose} timer waits for Tuesday 02:00 UTC, and its service updates`, { skip }, async (t) => {
    const { systemd, release: { home }, sh } = await machine(t);
    for (const [name, text] of [["timer", await timer()], ["service", await service()]] as const) {
      await Deno.writeTextFile(join(home.folder, `cco-update.${name}`), text);
    }
    await sh('cp "$WORK"/cco-update.* /etc/systemd/system/');
    const words = guideScript("systemctl enable cco-update.timer").replaceAll("sudo ", "");
    // `systemctl status` ends with 0: the timer is active.
    const said = await sh(`set -e\n${words}`);
    assert.match(said, /Active: active \(waiting\)/);
    const next = await systemd.show("cco-update.timer", "NextElapseUSecRealtime");
    assert.match(next, /^Tue .* 02:\d\d:\d\d UTC$/, next);
    const verified = await systemd.run("systemd-analyze", [
      "verify",
      "/etc/systemd/system/cco-update.service",
    ]);
    assert.deepEqual(verified.text.split("\n").filter((line) => line.includes("cco-update")), []);

    await sh("systemctl start cco-update.service");
    assert.equal(await systemd.show("cco-update.service", "Result"), "success");
    assert.equal(await sh("/usr/local/bin/cco --version"), `cco ${NEW}\n`);
    assert.match(
      await sh("/usr/local/bin/cco daemon logs --audit"),
      new RegExp(`update ${OLD} -> ${NEW}: updated \\(cli, root, key`),
    );
  });
}

test("the shipped timer's service has a running service take the new version", { skip }, async (t) => {
  const { systemd, release: { home }, sh } = await machine(t);
  await Deno.writeTextFile(join(home.folder, "cco-update.service"), await shipped("cco-update.service"));
  await sh('cp "$WORK"/cco-update.service /etc/systemd/system/');
  const port = await freePort();
  await sh(
    `/usr/local/bin/cco config set service.port ${port} && /usr/local/bin/cco daemon install --system`,
  );
  assert.equal(await systemd.show("cco.service", "StatusText"), `Version ${OLD}, http://127.0.0.1:${port}`);
  await sh("systemctl start cco-update.service");
  assert.equal(await systemd.show("cco.service", "StatusText"), `Version ${NEW}, http://127.0.0.1:${port}`);
  assert.equal(await systemd.show("cco.service", "ActiveState"), "active");
});

const CRON = /^(\S+ \S+ \S+ \S+ \S+) (.*)$/m;
/** With nothing but what cron gives, and a `logger` that writes where this test looks. */
function asCron(command: string): string {
  return `mkdir -p /run/stubs && printf '#!/bin/sh\\ncat >> /run/logged\\n' > /run/stubs/logger && chmod +x /run/stubs/logger
env -i HOME=/root LOGNAME=root SHELL=/bin/sh PATH=/run/stubs:/usr/bin:/bin sh -c '${
    command.replaceAll("'", `'\\''`)
  }'
cat /run/logged`;
}

for (const [day, text] of [["every day", "0 3 * * * "], ["on Saturdays", "0 3 * * 6 "]] as const) {
  test(`the guide's cron line for updates ${day} updates, and logs it`, { skip }, async (t) => {
    const { sh } = await machine(t);
    const [, , command] = CRON.exec(guideScript(text))!;
    // A percent sign would end the command for cron.
    assert(!command!.includes("%"));
    const logged = await sh(asCron(command!));
    assert(logged.includes(`✅ Successfully updated to v${NEW}`), logged);
    assert.equal(await sh("/usr/local/bin/cco --version"), `cco ${NEW}\n`);
    assert(!(await sh(asCron(command!))).endsWith(`v${NEW}\n`));
  });
}

test(
  "the shipped cron line updates, and logs also what the pipe hides: the exit code of a failure",
  { skip },
  async (t) => {
    const { sh, release: { server } } = await machine(t);
    const file = await Deno.readTextFile(new URL("../../deploy/cron/cco-update", import.meta.url));
    const line = file.trimEnd().split("\n").at(-1)!;
    const [, command] = /^0 3 \* \* 6 root sleep "\$\(shuf -i 0-1800 -n 1\)"; (.*)$/.exec(line)!;
    assert(!line.includes("%"));
    assert.match(await sh(`shuf -i 0-1800 -n 1`), /^\d+\n$/);
    const manifest = server.files.get("version-manifest.json")!;
    server.files.delete("version-manifest.json");
    assert.match(await sh(asCron(command!)), /Could not check for updates: .*\nfailed: exit code 4\n$/);
    server.files.set("version-manifest.json", manifest);
    assert((await sh(asCron(command!))).includes(`✅ Successfully updated to v${NEW}`));
  },
);
