import type { SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { endProbation, versionOnProbation } from "./probation.ts";
import { systemRuntime } from "./runtime/default.ts";
import { stateDirectoryOf } from "./state_directory.ts";

/** Options of {@link confirmHealthy}. */
export interface ConfirmHealthyOptions
  extends Pick<StepOptions, "runtime">, Pick<TrustOptions, "app">, Pick<SourceOptions, "stateDirectory"> {
  /**
   * The running version. One that this process has installed meanwhile stays on probation.
   * @default whichever version is on probation
   */
  readonly currentVersion?: string | undefined;
}

/**
 * Says that the running version works: its probation is over, and its starts are no longer counted.
 *
 * Call it when the program has done what shows that it works: served a request, opened its database, or, for a command,
 * ended well. Without a version on probation it does nothing.
 *
 * Permissions: writing to the state folder.
 *
 * @param options Which program.
 * @throws {FileError} When the state folder cannot be written.
 */
export async function confirmHealthy(options: ConfirmHealthyOptions = {}): Promise<void> {
  const runtime = options.runtime ?? systemRuntime();
  const stateDirectory = stateDirectoryOf(runtime, options);
  const { currentVersion } = options;
  const onProbation = currentVersion && await versionOnProbation(runtime, stateDirectory);
  if (onProbation !== undefined && onProbation !== currentVersion) return;
  await endProbation(runtime, stateDirectory);
}
