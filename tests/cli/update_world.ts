/**
 * Worlds in which there is something to update to.
 *
 * @module
 */

import { TestWorld } from "./world.ts";

/** Version 2025.11.2 is published, with these fields. */
export async function worldWithUpdate(fields: Readonly<Record<string, unknown>> = {}): Promise<TestWorld> {
  const world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2", fields }]);
  return world;
}

/** Version 2025.11.2 is installed, one is older and one is newer; the beta channel is at 2025.11.2. */
export async function worldWithThree(): Promise<TestWorld> {
  const world = await TestWorld.make("2025.11.2");
  const versions = ["2025.11.1", "2025.11.2", "2025.11.3"].map((version) => ({ version }));
  await world.publish(versions, { fields: { latest: { stable: "2025.11.3", beta: "2025.11.2" } } });
  return world;
}
