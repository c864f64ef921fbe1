/**
 * What the steps report while they work.
 *
 * @module
 */

/** What a step is doing, in the order in which an update passes through them. */
export type UpdatePhase =
  | "checking"
  | "downloading"
  | "verifying"
  | "verified"
  | "extracting"
  | "backing-up"
  | "installing"
  | "probing"
  | "rolling-back";

/** One report: sent when a phase begins and, while downloading, at most once for every chunk that arrives. */
export interface Progress {
  /** What is being done. */
  readonly phase: UpdatePhase;
  /** Bytes here so far, what a resumed download already had included; 0 outside `downloading`. */
  readonly receivedBytes: number;
  /** Bytes there will be; `undefined` where the publisher and the server do not say. */
  readonly totalBytes: number | undefined;
  /** Speed of this run in bytes per second, resumed bytes not counted; 0 before there is one. */
  readonly bytesPerSecond: number;
}

/** Receives {@link Progress}. What it throws ends the step. */
export type OnProgress = (progress: Progress) => void;
