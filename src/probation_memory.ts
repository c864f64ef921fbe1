/**
 * What is remembered of an update's outcome: a version that works is on probation, one that fails is not offered again.
 *
 * @module
 */

import { isFileError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { beginProbation, type ProbationRuntime } from "./probation.ts";
import { isBadVersion } from "./probe.ts";
import { forgiveVersion, refuseVersion } from "./refused_versions.ts";
import type { OutcomeMemory } from "./replace/recovery.ts";

/**
 * The memory of one installation.
 *
 * @param runtime File system and randomness.
 * @param installation Whose updates.
 * @param stateDirectory Where they are remembered.
 * @returns The memory. A state folder that cannot be written neither undoes a good update nor saves a bad version.
 */
export function outcomeMemory(
  runtime: ProbationRuntime,
  installation: Installation,
  stateDirectory: string,
): OutcomeMemory {
  return {
    works: (versions) =>
      ignoringFileErrors(async () => {
        await beginProbation(runtime, stateDirectory, installation, versions);
        // It failed before, was asked for all the same, and works: it is like any other.
        await forgiveVersion(runtime, stateDirectory, versions.version);
      }),
    // A disk that failed or an intruder says nothing about the version.
    fails: (version, problem) =>
      ignoringFileErrors(async () => {
        if (isBadVersion(problem)) await refuseVersion(runtime, stateDirectory, version);
      }),
  };
}

async function ignoringFileErrors(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isFileError(error)) throw error;
  }
}
