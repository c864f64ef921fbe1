import { test } from "node:test";
import { killUpdates, SKIP_KILLS } from "../support/deno/killed_updates.ts";

test("a compiled cco survives two hundred updates that are killed at random moments", {
  skip: SKIP_KILLS,
}, async (t) => {
  await killUpdates(t, 200);
});
