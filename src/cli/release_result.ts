/**
 * What the publisher's commands say when they are done.
 *
 * @module
 */

import type { Publication } from "../publish/mod.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** What was written, or would have been. */
export interface Written {
  /** What changed, one line each. */
  readonly changes: readonly string[];
  /** The files. */
  readonly files: readonly string[];
}

/**
 * Says what a change of the manifest changed.
 *
 * @param invocation The run.
 * @param publication What was published.
 * @returns The exit code.
 */
export function sayPublished(invocation: Invocation, publication: Publication): number {
  const { sequence, expires } = publication;
  return sayWritten(invocation, publication, { sequence, expires });
}

/**
 * Says what was written, or with `--dry-run` what would have been.
 *
 * @param invocation The run.
 * @param written What was written.
 * @param facts What the document of `--json` has besides.
 * @returns The exit code.
 */
export function sayWritten(
  { output, parsed }: Invocation,
  { changes, files }: Written,
  facts: Readonly<Record<string, unknown>>,
): number {
  const dryRun = parsed.flags.has("dry-run");
  for (const change of changes) output.line(`→ ${change}`);
  for (const file of files) output.step(dryRun ? `ℹ️  Would write ${file}` : `  ✓ Wrote ${file}`);
  output.line(dryRun ? "Nothing was changed" : "✅ Done");
  output.document({ dryRun, changes, files, ...facts });
  return EXIT.ok;
}
