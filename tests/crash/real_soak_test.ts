import { test } from "node:test";
import { soakUpdates } from "../support/deno/soaked_updates.ts";
import { SKIP_KILLS } from "../support/deno/killed_updates.ts";

/** `CCO_SOAK` asks for another number of updates. */
const ROUNDS = Number(Deno.env.get("CCO_SOAK") ?? 500);

test(
  `${ROUNDS} updates of a compiled cco with kills, faults and races leave a working program and nothing else`,
  {
    skip: SKIP_KILLS,
  },
  async (t) => {
    await soakUpdates(t, ROUNDS);
  },
);
