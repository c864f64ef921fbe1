/** `cco config show`. */

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { TestWorld } from "./world.ts";

test("config show names environment overrides and a managed policy under their own headings", async () => {
  await using world = await TestWorld.make();
  await writeFile(world.policyFile, '[updates]\nchannel = "stable"\n', { mode: 0o644 });
  world.env["CCO_AUTO_UPDATE"] = "false";
  assert.equal(
    (await world.run("config show")).stdout,
    `Update Configuration:
  Enabled: false
  Auto-install: false
  Check interval: daily
  Channel: stable
  Last check: Never
  Last update: Never

Environment overrides:
  updates.enabled = false (CCO_AUTO_UPDATE)

Managed policy (${world.policyFile}):
  updates.channel = stable
`,
  );
});

test("config show --effective shows every key with where its value comes from", async () => {
  await using world = await TestWorld.make();
  await world.writeConfig('[updates]\nchannel = "beta"\n');
  world.env["CCO_UPDATES_PIN"] = "~2025.11";
  const { stdout } = await world.run("config show --effective");
  assert.match(stdout, new RegExp(`^updates.channel = beta \\(file: ${world.configFile}\\)$`, "m"));
  assert.match(stdout, /^updates\.pin = ~2025\.11 \(environment: CCO_UPDATES_PIN\)$/m);
  assert.match(stdout, /^updates\.window = none \(default\)$/m);
  assert.match(stdout, /^updates\.sources = http:\/\/127\.0\.0\.1:\d+\/version-manifest\.json \(default\)$/m);
  assert.equal(stdout.trimEnd().split("\n").length, 18);
});
