/**
 * The administrator guide's own scripts, taken from the guide as they stand.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const guide = await readFile(new URL("../fixtures/administrator_guide.txt", import.meta.url), "utf8");

/**
 * A script of the guide.
 *
 * @param text What stands in it and in no earlier one.
 * @returns The script, unchanged.
 */
export function guideScript(text: string): string {
  const blocks = [...guide.matchAll(/```bash\n([^]*?)```/g)].map((match) => match[1]!);
  const script = blocks.find((block) => block.includes(text));
  assert(script !== undefined, `the guide has no script with ${text}`);
  return script;
}

/**
 * A unit of systemd in the guide.
 *
 * @param text What stands in it and in no earlier one.
 * @returns The unit, unchanged.
 */
export function guideUnit(text: string): string {
  const blocks = [...guide.matchAll(/```ini\n([^]*?)```/g)].map((match) => match[1]!);
  const unit = blocks.find((block) => block.includes(text));
  assert(unit !== undefined, `the guide has no unit with ${text}`);
  return unit;
}

/**
 * A script that is shipped in place of one of the guide's.
 *
 * @param name Its file name.
 * @returns Its text.
 */
export async function shippedScript(name: string): Promise<string> {
  return await readFile(new URL(`../../deploy/scripts/${name}`, import.meta.url), "utf8");
}
