/** Many updaters of one installation at the same time, as real processes. */

import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { type Home, namesIn, type Output } from "../../scripts/demo/home.ts";
import { claimInstallation, type ReplaceRecord } from "../../src/journal.ts";
import { pathsOf } from "../../src/installation.ts";
import { systemRuntime } from "../../src/runtime/default.ts";
import { skipWithout } from "./support/means.ts";
import { stepThrough } from "./support/stepped.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";

const AT_ONCE = 30;
const UPDATED = `✅ Successfully updated to v${NEW}`;
const IN_PROGRESS =
  /^Update already in progress: .*(is updating .*; wait until it has finished|has updated .* meanwhile; start the program again)\n$/;
const UP_TO_DATE = "✅ You are running the latest version";

test(`of ${AT_ONCE} simultaneous updates one downloads and swaps, and the others say so`, async (t) => {
  const place = await published(t);
  const outputs = await Promise.all(Array.from({ length: AT_ONCE }, () => place.home.run("update", "--yes")));
  const kinds = outputs.map(kindOf);
  const count = (kind: string) => kinds.filter((other) => other === kind).length;
  const downloads = place.server.requests.filter((name) => name.endsWith(".tar.gz")).length;
  console.log(
    `${AT_ONCE} at once: ${count("updated")} updated, ${count("in progress")} found an update in progress, ` +
      `${count("up to date")} came after it; ${downloads} download`,
  );
  assert.equal(count("updated"), 1);
  assert.equal(count("in progress") + count("up to date"), AT_ONCE - 1);
  assert.equal(downloads, 1);
  await assertUpdated(place);
});

test("an update that gets its turn after another one has finished neither downloads nor swaps", {
  skip: skipWithout("strace"),
}, async (t) => {
  const place = await published(t);
  const { executable, env } = place.home;
  let first: Output | undefined;
  const late = await stepThrough(
    executable,
    { args: ["update", "--yes"], env },
    async ({ text }): Promise<"continue"> => {
      // It has found the update and remembers that: what comes next is its claim.
      if (/^rename\(.*\/state\.json"/.test(text)) first ??= await place.home.run("update", "--yes");
      return "continue";
    },
  );
  assert.equal(first?.code, 0, first?.stderr);
  assert.equal(late.code, 5);
  assert.equal(place.server.requests.filter((name) => name.endsWith(".tar.gz")).length, 1);
  await assertUpdated(place);
});

test("an update whose process was killed is taken over by the next one", async (t) => {
  const place = await published(t);
  await killWhileItHoldsTheRecord(place.home);
  assert.ok((await place.home.installed()).includes(".cco.update.json"), "it was killed before or after");
  const { code, stdout, stderr } = await place.home.run("update", "--yes");
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout + stderr, /An interrupted update was found/);
  await assertUpdated(place);
});

for (
  const { title, change, isTakenOver } of [
    {
      title: "a record of a living process is respected",
      change: (record: ReplaceRecord) => record,
      isTakenOver: false,
    },
    {
      title: "a record whose process number was given to another process is taken over",
      change: (record: ReplaceRecord) => ({ ...record, processStart: `${record.processStart}0` }),
      isTakenOver: true,
    },
  ]
) {
  test(title, async (t) => {
    const place = await published(t);
    const { executable } = place.home;
    const installation = pathsOf(executable);
    await claimInstallation(systemRuntime(), installation, {
      from: { version: OLD, sha256: place.old.sha256 },
      to: { version: NEW, sha256: null },
      staged: ".cco.new-0123456789abcdef",
    });
    const record = JSON.parse(await Deno.readTextFile(installation.record));
    await Deno.writeTextFile(installation.record, JSON.stringify(change(record)));

    const output = await place.home.run("update", "--yes");
    if (isTakenOver) {
      assert.equal(output.code, 0, output.stderr);
      return await assertUpdated(place);
    }
    assert.equal(kindOf(output), "in progress");
    assert.match(output.stderr, new RegExp(`process ${Deno.pid} is updating`));
    assert.equal(await fileDigest(executable), place.old.sha256);
    assert.deepEqual(await place.home.installed(), [".cco.update.json", "cco"]);
    assert.equal(place.server.requests.filter((name) => name.endsWith(".tar.gz")).length, 0);
  });
}

/** What became of one of them; nothing but these three is allowed. */
function kindOf({ code, stdout, stderr }: Output): "updated" | "in progress" | "up to date" {
  const said = `exit code ${code}\n${stdout}\n${stderr}`;
  if (code === 5) {
    assert.match(stderr, IN_PROGRESS, said);
    return "in progress";
  }
  assert.equal(code, 0, said);
  if (stdout.includes(UPDATED)) return "updated";
  assert.ok(stdout.includes(UP_TO_DATE), said);
  return "up to date";
}

async function assertUpdated({ home, old, new: newer }: Published): Promise<void> {
  assert.equal(await fileDigest(home.executable), newer.sha256);
  assert.equal(await fileDigest(`${home.executable}.backup`), old.sha256);
  assert.deepEqual(await home.installed(), ["cco", "cco.backup"]);
  assert.deepEqual(await namesIn(join(home.folder, ".local", "state", "cco", "downloads")), []);
}

/** Kills it as soon as its new file lies beside the executable. */
async function killWhileItHoldsTheRecord(home: Home): Promise<void> {
  const folder = dirname(home.executable);
  const watcher = Deno.watchFs(folder);
  const child = new Deno.Command(home.executable, {
    args: ["update", "--yes"],
    env: home.env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for await (const { paths } of watcher) {
    if (paths.some((path) => basename(path) === ".cco.update.json")) break;
  }
  child.kill("SIGKILL");
  await child.status;
}
