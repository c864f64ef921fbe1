import assert from "node:assert/strict";
import { test } from "node:test";
import { describeMemory, measureUpdateMemory } from "../support/deno/update_memory.ts";

const MIB = 2 ** 20;

test("updating an executable of 100 MB needs at most 60 MiB more than the idle runtime", {
  skip: Deno.build.os === "linux" ? false : "the peak of another process is read from /proc",
}, async (t) => {
  const memory = await measureUpdateMemory(t);
  console.log(describeMemory(memory));
  assert(memory.executable > 90 * MIB);
  assert(memory.updating - memory.idle <= 60 * MIB, describeMemory(memory));
});
