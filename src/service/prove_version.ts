/**
 * When a new version counts as proven: its service was well for long enough, or ended well. Until then its starts are
 * counted.
 *
 * @module
 */

import type { Runtime } from "../../machine.ts";
import type { ServiceState } from "./health.ts";
import type { Log } from "./log.ts";

/** Options of {@link proveVersion}. */
export interface ProvingOptions {
  /** The machine. */
  readonly runtime: Runtime;
  /** Where failures are written. */
  readonly log: Log;
  /** How long the service has to be well, in milliseconds. */
  readonly provenAfter: number;
  /** Remembers that the running version works. */
  readonly onProven: () => Promise<void>;
}

/**
 * Watches a service until its version is proven.
 *
 * @param options For how long, and what to do then.
 * @param state The service.
 * @returns `end`: ends the watch. `isProof` says that the service stopped in an orderly way, which proves it too unless
 * it was degraded.
 */
export function proveVersion(
  { runtime, log, provenAfter, onProven }: ProvingOptions,
  state: ServiceState,
): { end: (isProof: boolean) => Promise<void> } {
  const ending = new AbortController();
  const watch = async (): Promise<void> => {
    do await runtime.wait(provenAfter, ending.signal, { keepAlive: false }); while (
      state.failing !== undefined
    );
    await onProven();
  };
  const warn = (error: unknown): void => log.warn(error instanceof Error ? error.message : String(error));
  const watching = watch().catch((error: unknown) => {
    if (error !== ending.signal.reason) warn(error);
  });
  return {
    async end(isProof) {
      ending.abort();
      await watching;
      if (isProof && state.failing === undefined) await onProven().catch(warn);
    },
  };
}
