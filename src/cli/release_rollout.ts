/**
 * `cco release rollout VERSION`: a part of the installations first.
 *
 * @module
 */

import type { RolloutStep } from "../publish/mod.ts";
import type { Invocation } from "./invocation.ts";
import { numberFlag, releaseFolder, usage } from "./release_options.ts";
import { publishing, publishOptions } from "./release_publishing.ts";
import { sayPublished } from "./release_result.ts";

const STEPS = ["percent", "pause", "resume", "finish"] as const;

/**
 * Starts, pauses, resumes or finishes a rollout.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseRollout(invocation: Invocation): Promise<number> {
  const step = stepOf(invocation);
  const folder = await releaseFolder(invocation);
  const publication = await publishing(async (publish) =>
    await publish.rollout(folder, {
      ...await publishOptions(invocation, publish),
      version: invocation.parsed.values[0]!,
      step,
    })
  );
  return sayPublished(invocation, publication);
}

function stepOf(invocation: Invocation): RolloutStep {
  const given = STEPS.filter((name) => invocation.has(name));
  const [step] = given;
  if (step === undefined || given.length > 1) {
    throw usage("Give one of --percent N, --pause, --resume and --finish");
  }
  const [duration, fallback] = [invocation.flag("duration"), invocation.flag("fallback")];
  if (step === "percent") return { percent: numberFlag(invocation, "percent")!, duration, fallback };
  if (duration !== undefined || fallback !== undefined) {
    throw usage("--duration and --fallback need --percent");
  }
  return step;
}
