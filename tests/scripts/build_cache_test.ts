import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { makeOnce } from "../../scripts/build_cache.ts";
import { namesIn } from "../../scripts/demo/home.ts";

test("makeOnce() leaves one whole folder when several make it at the same time", async (t) => {
  const cache = await Deno.makeTempDir({ prefix: "cco-cache-" });
  t.after(() => Deno.remove(cache, { recursive: true }));
  const path = join(cache, "folder");
  await Promise.all(Array.from({ length: 4 }, () =>
    makeOnce(path, async (temporary) => {
      await Deno.mkdir(temporary);
      await Deno.writeTextFile(join(temporary, "file"), "whole");
    })));
  assert.deepEqual(await namesIn(cache), ["folder"]);
  assert.equal(await Deno.readTextFile(join(path, "file")), "whole");
});

test("makeOnce() leaves nothing behind, and says so, when making fails", async (t) => {
  const cache = await Deno.makeTempDir({ prefix: "cco-cache-" });
  t.after(() => Deno.remove(cache, { recursive: true }));
  const path = join(cache, "file");
  await Deno.writeTextFile(path, "stale");
  const failing = makeOnce(path, async (temporary) => {
    await Deno.writeTextFile(temporary, "half");
    throw new Error("out of paper");
  });
  await assert.rejects(failing, /^Error: out of paper$/);
  assert.deepEqual(await namesIn(cache), ["file"]);
});
