/**
 * The second half of `cco update`: show what is new, ask, install. A check alone does not load it.
 *
 * @module
 */

import type { Update } from "../../mod.ts";
import type { Found } from "./check.ts";
import { EXIT } from "./failure.ts";
import { install } from "./install.ts";
import type { Invocation } from "./invocation.ts";
import { noteLines } from "./notes.ts";

/**
 * Offers an update, and installs it where it is welcome.
 *
 * @param invocation The run.
 * @param found What the check found.
 * @param update The update.
 * @param isAsked Whether the person is asked for consent, when no flag has given it.
 * @returns The exit code.
 */
export async function offer(
  invocation: Invocation,
  found: Found,
  update: Update,
  { isAsked }: { isAsked: boolean },
): Promise<number> {
  sayNotes(invocation, update);
  if (isAsked && !await consent(invocation, update)) return sayCancelled(invocation, found);
  return await install(invocation, found, update);
}

function sayNotes({ output, world: { terminal } }: Invocation, update: Update): void {
  const columns = output.decorated("stdout") ? terminal.columns() : Infinity;
  const lines = noteLines(update.notes, update.notesUrl, columns);
  if (lines.length === 0) return;
  output.step();
  output.step(`What's new in v${update.version}:`);
  for (const line of lines) output.step(`  ${line}`);
  output.step();
}

async function consent(invocation: Invocation, { version }: Update): Promise<boolean> {
  if (invocation.has("yes")) return true;
  const { output, world: { terminal } } = invocation;
  // With `--quiet` no line before the question has said what it is about.
  const question = output.options.quiet ? `Update to v${version} now?` : "Update now?";
  for (;;) {
    output.ask(`${question} [Y/n]: `);
    const answer = await terminal.readLine(terminal.signal);
    if (answer === undefined) return false;
    if (/^\s*(?:y|yes)?\s*$/i.test(answer)) return true;
    if (/^\s*(?:n|no)\s*$/i.test(answer)) return false;
  }
}

function sayCancelled({ output, world: { build } }: Invocation, { latest, channel }: Found): number {
  output.line("Update cancelled");
  output.document({ outcome: "cancelled", current: build.version, latest, channel, update: null });
  return EXIT.ok;
}
