/**
 * A publisher's desk with a release folder and a clock that stands still, and the folder's whole life.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { INIT, ok, placeKeys, SIGNED } from "./desk.ts";
import { TestWorld } from "./world.ts";

/** The time on the desk. */
export const NOW = Date.parse("2026-01-15T12:00:00Z");
/** How a command ends that has changed the manifest. */
export const MANIFEST = "  ✓ Wrote version-manifest.json\n  ✓ Wrote version-manifest.json.minisig\n✅ Done\n";

/** A desk with keys and, unless told otherwise, a release folder; the clock stands still. */
export async function openDesk({ withFolder = true }: { withFolder?: boolean } = {}): Promise<TestWorld> {
  const world = await TestWorld.make();
  world.runtime = { ...world.runtime, now: () => NOW };
  await placeKeys(world);
  if (withFolder) await ok(world, INIT);
  return world;
}

/** The manifest in the release folder. */
// deno-lint-ignore no-explicit-any
export async function manifestOf(world: TestWorld): Promise<any> {
  return JSON.parse(await readFile(join(world.folder, "releases/version-manifest.json"), "utf8"));
}

/** The life of a release folder. Each command finds what the ones before have left. */
export const life: [words: string, said: string][] = [
  [`release add 1.0.0 --from build-1.0.0 ${SIGNED}`, `→ 1.0.0: added for linux-x86_64\n${MANIFEST}`],
  [`release promote 1.0.0 --channel stable ${SIGNED}`, `→ stable: (new) → 1.0.0\n${MANIFEST}`],
  [`release add 1.1.0 --from build-1.1.0 ${SIGNED}`, `→ 1.1.0: added for linux-x86_64\n${MANIFEST}`],
  [
    `release rollout 1.1.0 --percent 10 --duration 72h ${SIGNED}`,
    `→ 1.1.0: rollout to everybody → 10 % growing over 72h\n${MANIFEST}`,
  ],
  [`release promote 1.1.0 --channel stable ${SIGNED}`, `→ stable: 1.0.0 → 1.1.0\n${MANIFEST}`],
  [
    `release rollout 1.1.0 --pause ${SIGNED}`,
    `→ 1.1.0: rollout 10 % growing over 72h → paused at 10 % growing over 3d\n${MANIFEST}`,
  ],
  [
    `release rollout 1.1.0 --resume ${SIGNED}`,
    `→ 1.1.0: rollout paused at 10 % growing over 3d → 10 % growing over 3d\n${MANIFEST}`,
  ],
  [
    `release rollout 1.1.0 --finish ${SIGNED}`,
    `→ 1.1.0: rollout 10 % growing over 3d → to everybody\n${MANIFEST}`,
  ],
  [
    `release yank 1.1.0 --reason broken ${SIGNED}`,
    `→ 1.1.0: yanked (broken)\n→ stable: 1.1.0 → 1.0.0\n${MANIFEST}`,
  ],
  [`release refresh --validity 30d ${SIGNED}`, `→ expires: 2026-02-14T12:00:00Z\n${MANIFEST}`],
  [
    "release rotate --folder releases --root-key-file root.key --public new.key.pub --key-file new.key",
    "→ signed anew: sequence 11, stable 1.0.0, 2 versions, SHA-256 DIGEST\n" +
    "→ root 2: root 1 of 1 (1), manifest 1 of 1 (3)\n  ✓ Wrote version-manifest.json.minisig\n" +
    "  ✓ Wrote 2.root.json.minisig\n  ✓ Wrote 2.root.json\n✅ Done\n",
  ],
];

/** The secret part of a key file, in base64. */
export async function secretOf(world: TestWorld, name: string): Promise<string> {
  return (await readFile(join(world.folder, name), "utf8")).split("\n")[1]!;
}
