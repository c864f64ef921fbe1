/** What `cco version` and `cco config get` know after an update. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { worldWithThree, worldWithUpdate } from "./update_world.ts";
import { scriptOf } from "./world.ts";

const installs: [flags: string, version: string, available: string | null][] = [
  ["--version 2025.11.1 --allow-downgrade", "2025.11.1", "2025.11.3"],
  ["--version 2025.11.3", "2025.11.3", null],
  ["", "2025.11.3", null],
];

for (const [flags, version, available] of installs) {
  test(`cco version knows the channel's latest version after cco update --yes ${flags}`, async () => {
    await using world = await worldWithThree();
    assert.equal((await world.run(`update --yes ${flags}`)).code, 0);
    world.build = { ...world.build, version };
    const { document } = await world.json("version");
    assert.deepEqual(document["latest"], { version: "2025.11.3", channel: "stable" });
    assert.equal(document["available"], available);
  });
}

test("cco version speaks of the channel of the settings after an update from another one", async () => {
  await using world = await worldWithThree();
  world.build = { ...world.build, version: "2025.11.1" };
  await writeFile(world.executable, scriptOf("2025.11.1"), { mode: 0o755 });
  assert.equal((await world.run("update --yes --channel beta")).code, 0);
  world.build = { ...world.build, version: "2025.11.2" };
  const { stdout } = await world.run("version");
  assert.match(
    stdout,
    /\nLatest version: 2025\.11\.3 \(stable\)\nℹ️ {2}New version available: v2025\.11\.3\n$/,
  );
});

test("the times of the last check and the last update are remembered", async () => {
  await using world = await worldWithUpdate();
  await world.run("update --yes");
  for (const key of ["updates.last_check", "updates.last_update"]) {
    const { stdout } = await world.run(`config get ${key}`);
    assert.match(stdout, new RegExp(`^${key} = \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\n$`));
  }
});
