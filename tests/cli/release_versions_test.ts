/** `cco release add`, `promote`, `yank` and `rollout`. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, ok, SIGNED, snapshot } from "./desk.ts";
import { MANIFEST, manifestOf, openDesk } from "./release_desk.ts";

test("release add takes notes, addresses and conditions; promote and yank their flags", async () => {
  await using world = await openDesk();
  for (const version of ["0.9.0", "1.0.0"]) await build(world, version);
  await ok(world, `release add 0.9.0 --from build-0.9.0 ${SIGNED}`);
  await writeFile(join(world.folder, "notes.md"), "- first\n");
  const add =
    `release add 1.0.0 --from build-1.0.0 --url https://example.com/ --notes-file notes.md ${SIGNED}`;
  await ok(world, `${add} --notes-url https://example.com/notes --minimum-version 0.9.0 --critical`);
  const { platforms, ...release } = (await manifestOf(world)).versions["1.0.0"];
  assert.deepEqual(release, {
    date: "2026-01-15T12:00:00Z",
    notes: "- first\n",
    release_notes: "https://example.com/notes",
    minimum_version: "0.9.0",
    critical: true,
  });
  assert.equal(platforms["linux-x86_64"].url, "https://example.com/cco-v1.0.0-linux-x86_64.tar.gz");
});

/** What lint would call an error, or a client could not use, is not published in the first place. */
const unwanted: [words: string, stderr: RegExp][] = [
  [
    "add 1.2.0 --from build-1.2.0 --url javascript:alert(1)",
    /^Cannot add 1\.2\.0: javascript: addresses are of no use/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --url http://example.com/",
    /^Cannot add .* http:\/\/example\.com\/ is not encrypted/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --url https://me:hunter2@example.com/",
    /example\.com\/ was given with a user or a pass/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --notes-url javascript:alert(1)",
    /javascript: addresses are of no use to clients/,
  ],
  [
    "add 1.2.0 --from build-1.2.0 --notes-url file:///etc/passwd",
    /file: addresses are of no use to clients; use https/,
  ],
  ["add 1.2.0 --from build-1.2.0 --notes-url notes.html", /notes\.html is no complete address/],
  ["add 1.2.0 --from build-1.2.0 --notes-url https://hunter2@example.com/n", /which everybody could read/],
  ["add 1.2.0 --from build-1.2.0 --minimum-version 1.2.0", /the minimum version 1\.2\.0 is not older$/],
  ["add 1.2.0 --from build-1.2.0 --minimum-version 2.0.0", /the minimum version 2\.0\.0 is not older$/],
  [
    "add 1.2.0 --from build-1.2.0 --minimum-version 0.5.0",
    /does not have the minimum version 0\.5\.0; add that first$/,
  ],
  ["add 1.2.0 --from build-1.2.0 --minimum-version one", /the minimum version one is no SemVer version$/],
  [
    "add 1.3.0 --from build-1.2.0",
    /has no file named cco-v1\.3\.0-<platform>…; it has cco-v1\.3\.0-linux-riscv/,
  ],
  ["rollout 1.1.0 --percent 101", /^Cannot roll out 1\.1\.0: 101 percent is not from 0 to 100$/],
  [
    "rollout 1.1.0 --percent 5 --duration=-1h",
    /^Cannot roll out 1\.1\.0: the duration "-1h" is no length of time/,
  ],
  ["rollout 1.1.0 --percent 5 --fallback 9.0.0", /the manifest does not have the fallback 9\.0\.0$/],
  ["rollout 1.0.0 --percent 5 --fallback 1.1.0", /the fallback 1\.1\.0 is not older$/],
  ["rollout 1.1.0 --percent 5 --fallback 0.9.0", /the fallback 0\.9\.0 was yanked \(broken\)$/],
  ["rollout 0.9.0 --percent 5", /^Cannot roll out 0\.9\.0: it was yanked \(broken\)$/],
  ["rollout 1.1.0 --resume", /^Cannot resume the rollout of 1\.1\.0: there is none$/],
];

test("addresses that clients refuse, and versions, shares and times that cannot be, exit 2 and change nothing", async () => {
  await using world = await openDesk();
  for (const version of ["0.9.0", "1.0.0", "1.1.0", "1.2.0"]) await build(world, version);
  for (const version of ["0.9.0", "1.0.0", "1.1.0"]) {
    await ok(world, `release add ${version} --from build-${version} ${SIGNED}`);
  }
  await ok(world, `release yank 0.9.0 --reason broken ${SIGNED}`);
  await writeFile(join(world.folder, "build-1.2.0/cco-v1.3.0-linux-riscv.tar.gz"), "");
  const before = await snapshot(world);
  for (const [words, expected] of unwanted) {
    const { code, stdout, stderr } = await world.run(`release ${words} ${SIGNED}`);
    assert.equal(code, 2, `${words}: ${stderr}`);
    assert.match(stderr.trimEnd(), expected);
    assert(!`${stdout}${stderr}`.includes("hunter2"), words);
  }
  assert.deepEqual(await snapshot(world), before);
});

test("release add names files of the version for no known platform, not what lies beside archives", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  for (const rest of ["linux-riscv.tar.gz", "linux-x86_64.tar.gz.minisig", "linux-x86_64.tar.gz.sha256"]) {
    await writeFile(join(world.folder, `build-1.0.0/cco-v1.0.0-${rest}`), "");
  }
  assert.equal(
    await ok(world, `release add 1.0.0 --from build-1.0.0 ${SIGNED}`),
    "→ 1.0.0: added for linux-x86_64\n" +
      `→ not added: cco-v1.0.0-linux-riscv.tar.gz, which is for no platform that is known\n${MANIFEST}`,
  );
});

test("Ctrl-C while release add reads files exits 130 and changes nothing", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  const before = await snapshot(world);
  const { fs } = world.runtime;
  const open: typeof fs.open = (path, mode) => {
    if (path.endsWith(".tar.gz")) world.interrupt();
    return fs.open(path, mode);
  };
  world.runtime = { ...world.runtime, fs: Object.assign(Object.create(fs), { open }) };
  const { code, stderr } = await world.run(`release add 1.0.0 --from build-1.0.0 ${SIGNED}`);
  assert.equal(code, 130);
  assert.equal(stderr, "Cancelled. Nothing was changed\n");
  assert.deepEqual(await snapshot(world), before);
});
