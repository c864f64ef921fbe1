/** The compiled program killed after every single call with which an update changes a file system. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { type Home, namesIn } from "../../scripts/demo/home.ts";
import { homeWith, NEW, OLD, type Published, published } from "../support/deno/published.ts";
import { skipWithout } from "./support/means.ts";
import { stepThrough } from "./support/stepped.ts";

/** `CCO_KILLS` limits how many of the calls are tried; they are then spread evenly. */
const KILLS = Number(Deno.env.get("CCO_KILLS") ?? 60);

type OnCall = Parameters<typeof stepThrough>[2];

interface Command {
  readonly title: string;
  readonly args: readonly string[];
  /** What happens before, to an older version that is installed. */
  readonly prepare: (home: Home) => Promise<void>;
}

const COMMANDS: readonly Command[] = [
  { title: "an update", args: ["update", "--yes"], prepare: async () => {} },
  { title: "a rollback", args: ["rollback"], prepare: update },
  { title: "a recovery", args: ["update", "--yes"], prepare: updateHalfway },
];

for (const { title, args, prepare } of COMMANDS) {
  test(`${title} killed after any call leaves the old or the new version, and the next update succeeds`, {
    skip: skipWithout("strace"),
  }, async (t) => {
    const place = await published(t);
    const step = async (home: Home, onCall: OnCall) => {
      await prepare(home);
      return await stepThrough(home.executable, { args, env: home.env }, onCall);
    };
    const whole = await inFreshHome(place, (home) => step(home, () => "continue"));
    assert.equal(whole.code, 0);
    const points = sample(whole.calls, KILLS);
    const found = { old: 0, new: 0, unfinished: 0 };
    for (const { index, text } of points) {
      const where = `killed after call ${index + 1} of ${whole.calls.length}, ${text}`;
      await inFreshHome(place, async (home) => {
        const { killed } = await step(home, (call) => call.index === index ? "kill" : "continue");
        assert.ok(killed, where);
        if ((await home.installed()).some((name) => name.startsWith("."))) found.unfinished++;
        found[await survivorOf(place, home, where)]++;
        await assertNextUpdate(place, home, where);
      });
    }
    console.log(
      `${title}: ${whole.calls.length} calls change a file system; ${points.length} kills, each after another ` +
        `one: ${found.old} left the old version, ${found.new} the new one, ${found.unfinished} something unfinished`,
    );
    assert.equal(found.old + found.new, points.length);
    assert.ok(found.unfinished > 0);
  });
}

async function update(home: Home): Promise<void> {
  const { code, stderr } = await home.run("update", "--yes");
  assert.equal(code, 0, stderr);
}

/** The new version is in place, and its record is still there. */
async function updateHalfway({ executable, env }: Home): Promise<void> {
  const options = { args: ["update", "--yes"], env };
  const { killed } = await stepThrough(
    executable,
    options,
    ({ text }) => /^rename\(.*\.cco\.new-\w+"/.test(text) ? "kill" : "continue",
  );
  assert.ok(killed);
}

async function inFreshHome<T>({ server, old }: Published, use: (home: Home) => Promise<T>): Promise<T> {
  await using home = await homeWith(server);
  await home.install(old.path);
  return await use(home);
}

/** Evenly spread, the first and the last included. */
function sample<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  const step = (all.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => all[Math.round(index * step)]!);
}

async function survivorOf(place: Published, home: Home, where: string): Promise<"old" | "new"> {
  const digest = await fileDigest(home.executable);
  assert.ok(digest === place.old.sha256 || digest === place.new.sha256, where);
  const kind = digest === place.old.sha256 ? "old" : "new";
  const { code, stdout, stderr } = await home.run("--version");
  assert.deepEqual([code, stdout], [0, `cco ${kind === "old" ? OLD : NEW}\n`], `${where}: ${stderr}`);
  return kind;
}

async function assertNextUpdate(place: Published, home: Home, where: string): Promise<void> {
  const { code, stdout, stderr } = await home.run("update", "--yes");
  assert.equal(code, 0, `${where}: ${stdout}${stderr}`);
  assert.equal(await fileDigest(home.executable), place.new.sha256, where);
  assert.equal(await fileDigest(`${home.executable}.backup`), place.old.sha256, where);
  assert.deepEqual(await home.installed(), ["cco", "cco.backup"], where);
  const state = join(home.folder, ".local", "state", "cco");
  assert.deepEqual(await namesIn(join(state, "downloads")), [], where);
  assert.deepEqual((await namesIn(state)).filter((name) => name.endsWith(".tmp")), [], where);
}
