/**
 * `cco doctor`: what is wrong, and how to mend it.
 *
 * @module
 */

import { accountChecks } from "./doctor_account.ts";
import { installationChecks } from "./doctor_installation.ts";
import { networkChecks } from "./doctor_network.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";

/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly name: string;
  /** `ok`; `note` for what is worth knowing and no fault; `problem` for what needs mending. */
  readonly status: "ok" | "note" | "problem";
  /** What was found. */
  readonly message: string;
  /** What to do; given with every problem. */
  readonly mend?: string;
}

const MARKS: Readonly<Record<Finding["status"], string>> = { ok: "  ✓", note: "  •", problem: "  ✗" };

/**
 * Runs all checks, each with a verdict and, where something is wrong, a mend. Nothing is changed.
 *
 * @param invocation The run.
 * @returns 0 when all is well, 1 otherwise.
 */
export async function doctor(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const findings: Finding[] = [];
  for (const checks of [installationChecks, accountChecks, networkChecks]) {
    for (const finding of await checks(invocation)) {
      findings.push(finding);
      output.line(`${MARKS[finding.status]} ${finding.name}: ${finding.message}`);
      if (finding.mend !== undefined) output.line(`      ${finding.mend}`);
    }
  }
  const problems = findings.filter(({ status }) => status === "problem").length;
  output.line();
  output.line(problems === 0 ? "✅ All is well" : `❌ ${problems} problem${problems === 1 ? "" : "s"} found`);
  output.document({ ok: problems === 0, findings: findings.map((finding) => ({ mend: null, ...finding })) });
  return problems === 0 ? EXIT.ok : EXIT.general;
}
