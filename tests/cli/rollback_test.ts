/** `cco rollback` and the list of backups beyond the contract's blocks. */

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { worldWithUpdate } from "./update_world.ts";
import { scriptOf } from "./world.ts";

test("cco update --list-backups lists what can be gone back to", async () => {
  await using world = await worldWithUpdate();
  assert.deepEqual(await world.run("update --list-backups"), {
    code: 0,
    stdout: "No backup version available\n",
    stderr: "",
  });
  await world.run("update --yes");
  const { stdout } = await world.run("update --list-backups");
  assert.match(stdout, /^2025\.11\.1 {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {2}\d+ B {2}\S+cco\.backup\n$/);
});

test("cco rollback --to goes back to that version only", async () => {
  await using world = await worldWithUpdate();
  await world.run("update --yes");
  const wrong = await world.run("rollback --to 2024.1.1");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^No backup of version 2024\.1\.1 available: \S+cco\.backup is version 2025\.11\.1; /,
  );
  assert.equal((await world.run("update --rollback --to 2025.11.1")).code, 0);
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.1"));
});

test("updates.keep_backups keeps that many versions: each can be listed and gone back to", async () => {
  await using world = await worldWithUpdate();
  await world.writeConfig("[updates]\nkeep_backups = 3\n");
  const update = async (version: string) => {
    await world.publish([{ version }]);
    assert.equal((await world.run("update --yes")).code, 0);
    world.build = { ...world.build, version };
  };
  for (const version of ["2025.11.2", "2025.11.3", "2025.11.4", "2025.11.5"]) await update(version);
  assert.deepEqual(await world.installed(), [
    "cco",
    "cco.backup",
    "cco.backup.older-0002",
    "cco.backup.older-0003",
  ]);

  const { stdout } = await world.run("update --list-backups");
  const listed = stdout.trimEnd().split("\n").map((line) => line.replace(/ {2}.*\/(?=cco)/, " "));
  assert.deepEqual(listed, [
    "2025.11.4 cco.backup",
    "2025.11.3 cco.backup.older-0003",
    "2025.11.2 cco.backup.older-0002",
  ]);
  const { document } = await world.json("update --list-backups");
  assert.deepEqual((document["backups"] as { version: string }[]).map(({ version }) => version), [
    "2025.11.4",
    "2025.11.3",
    "2025.11.2",
  ]);

  const wrong = await world.run("rollback --to 2025.11.1");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /^No backup of version 2025\.11\.1 available: .*cco\.backup\.older-0003 is version 2025\.11\.3/,
  );
  assert.match(
    (await world.run("rollback --to 2025.11.3")).stdout,
    /^✅ Rolled back to previous version 2025\.11\.3\nℹ️ {2}Newer backups are gone: 2025\.11\.4\n/,
  );
  assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.3"));
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);

  await world.writeConfig("[updates]\nkeep_backups = 1\n");
  world.build = { ...world.build, version: "2025.11.3" };
  await update("2025.11.6");
  assert.deepEqual(await world.installed(), ["cco", "cco.backup"]);
});

test("a rollback while another process updates says so, although there is no backup yet", async () => {
  await using world = await worldWithUpdate();
  const { pid, processStart } = world.runtime;
  await writeFile(
    world.executable.replace(/cco$/, ".cco.update.json"),
    JSON.stringify({
      schema: 1,
      claim: "0123456789abcdef",
      pid,
      processStart: await processStart(pid),
      from: { version: "2025.11.1", sha256: "a".repeat(64) },
      to: { version: "2025.11.2", sha256: null },
      staged: ".cco.new-0123456789abcdef",
      displaced: null,
    }),
  );
  for (const command of ["rollback", "rollback --to 2025.11.1", "update --rollback"]) {
    const { code, stderr } = await world.run(command);
    assert.equal(code, 5);
    assert.match(stderr, /^Update already in progress: process \d+ is updating /);
  }
});
