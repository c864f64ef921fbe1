import { test } from "node:test";
import { killUpdates, SKIP_KILLS } from "../support/deno/killed_updates.ts";

/** Some of what `deno task test:crash` does. */
const KILLS = Number(Deno.env.get("CCO_KILLS") ?? 40);

test(
  `a compiled cco survives ${KILLS} updates that are killed at random moments`,
  { skip: SKIP_KILLS },
  async (t) => {
    await killUpdates(t, KILLS);
  },
);
