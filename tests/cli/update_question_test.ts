/** The question of `cco update`, its answers, and Ctrl-C. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Interrupted } from "../../src/cli/terminal.ts";
import { worldWithUpdate } from "./update_world.ts";
import { scriptOf } from "./world.ts";

const answers: [typed: string | undefined, outcome: "updated" | "cancelled"][] = [
  ["", "updated"],
  ["y", "updated"],
  ["YES", "updated"],
  ["n", "cancelled"],
  ["No", "cancelled"],
  [undefined, "cancelled"],
];

for (const [typed, outcome] of answers) {
  test(`cco update is ${outcome} when a person answers ${JSON.stringify(typed)}`, async () => {
    await using world = await worldWithUpdate();
    world.sit();
    world.env["NO_COLOR"] = "1";
    world.typed = ["what?", typed];
    const { code, stdout } = await world.run("update");
    assert.equal(code, 0);
    assert.equal(stdout.split("Update now? [Y/n]: ").length, 3, "a wrong answer is asked again");
    assert.match(
      stdout,
      outcome === "updated" ? /✅ Successfully updated to v2025\.11\.2/ : /Update cancelled\n$/,
    );
    const now = outcome === "updated" ? "2025.11.2" : "2025.11.1";
    assert.equal(await readFile(world.executable, "utf8"), scriptOf(now));
  });
}

test("Ctrl-C at the question exits 130 and changes nothing", async () => {
  await using world = await worldWithUpdate();
  world.sit();
  world.typed = [new Interrupted(130)];
  const { code, stderr } = await world.run("update");
  assert.equal(code, 130);
  assert.match(stderr, /Cancelled\. Nothing was changed/);
  assert.deepEqual(await world.installed(), ["cco"]);
});

test("Ctrl-C during the download exits 130 and leaves no stray file", async () => {
  await using world = await worldWithUpdate();
  const { fetch } = world.runtime;
  world.runtime = {
    ...world.runtime,
    fetch: (url, init) => {
      if (url.endsWith(".tar.gz")) world.interrupt();
      return fetch(url, init);
    },
  };
  const { code } = await world.run("update --yes");
  assert.equal(code, 130);
  assert.deepEqual(await world.installed(), ["cco"]);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

test("with --quiet the question names the version", async () => {
  await using world = await worldWithUpdate();
  world.sit();
  world.typed = ["n"];
  const { stdout } = await world.run("update --quiet");
  assert.equal(stdout, "Update to v2025.11.2 now? [Y/n]: Update cancelled\n");
});
