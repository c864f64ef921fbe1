/** `cco release lint`. */

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { build, INIT, ok, SIGNED } from "./desk.ts";
import { NOW, openDesk } from "./release_desk.ts";

test("release lint exits 1 for what a client would refuse and 0 for what a person would regret", async () => {
  await using world = await openDesk();
  await build(world, "1.0.0");
  const previous = await readFile(join(world.folder, "releases/version-manifest.json"));
  await writeFile(join(world.folder, "previous.json"), previous);
  await ok(world, `release add 1.0.0 --from build-1.0.0 --url ${world.address}/ ${SIGNED}`);
  const online = await world.run("release lint --folder releases --online --previous previous.json");
  assert.equal(online.code, 1);
  assert.match(online.stdout, /^❌ versions\.1\.0\.0\.linux-x86_64: http:.* is not https\n$/);
  await rm(join(world.folder, "releases/cco-v1.0.0-linux-x86_64.tar.gz"));
  const gone = await world.run("release lint --folder releases --online");
  assert.match(gone.stdout, /the server answers 404/);
  await rm(join(world.folder, "releases"), { recursive: true });
  await ok(world, INIT);
  await build(world, "1.0.0");
  await ok(world, `release add 1.0.0 --from build-1.0.0 ${SIGNED}`);
  const beside = `release lint --folder releases --online --address ${world.address}/version-manifest.json`;
  assert.equal(
    (await world.run("release lint --folder releases --online")).stdout.match(/--address/g)?.length,
    1,
  );
  assert.equal(await ok(world, beside), "✅ Nothing to mend\n");
  await writeFile(join(world.folder, "releases/cco-v1.0.0-linux-x86_64.tar.gz"), "short");
  assert.match((await world.run(beside)).stdout, /the server has 5 bytes, the manifest says \d+/);
  world.runtime = { ...world.runtime, now: () => NOW + 80 * 24 * 3_600_000 };
  await rm(join(world.folder, "releases"), { recursive: true });
  await ok(world, `${INIT} --validity 30d`);
  world.runtime = { ...world.runtime, now: () => NOW + 105 * 24 * 3_600_000 };
  const late = await world.run("release lint --folder releases");
  assert.equal(late.code, 0);
  assert.equal(late.stdout, "⚠️  expires: the manifest has 5 days left; refresh it\n");
});
