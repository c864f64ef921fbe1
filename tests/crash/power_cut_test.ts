import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { type Exploration, explore } from "./support/explore.ts";
import { scenariosOn } from "./support/scenario.ts";

const total = { moments: 0, states: 0, violations: 0 };

for (const os of ["linux", "windows"] as const) {
  for (const scenario of scenariosOn(os)) {
    test(`${scenario.name} on ${os}: a working program survives a power cut at every operation, and another during recovery (T28)`, async () => {
      const found = await explore(scenario, { cuts: 2 });
      count(`${os}, ${scenario.name}`, found);
      deepEqual(found.violations, []);
      ok(found.states >= 10, "the exploration has explored nothing");
    });

    test(`${scenario.name} on ${os}: three processes that recover at the same time do what one would`, async () => {
      const found = await explore(scenario, { cuts: 1, recoverers: 3 });
      count(`${os}, ${scenario.name}, three at once`, found);
      deepEqual(found.violations, []);
    });
  }
}

test("the figures of all explorations", () => {
  console.log(
    `power cuts: ${total.moments} moments, ${total.states} states explored, ${total.violations} violations`,
  );
  ok(total.states > 1000);
});

function count(name: string, { moments, states, violations }: Exploration): void {
  total.moments += moments;
  total.states += states;
  total.violations += violations.length;
  console.log(`${name}: ${moments} moments, ${states} states explored, ${violations.length} violations`);
}
