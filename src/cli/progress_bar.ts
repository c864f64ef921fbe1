/**
 * The progress bar of a download.
 *
 * @module
 */

import type { Progress } from "../../machine.ts";
import { formatDuration } from "../config/duration.ts";
import type { Output } from "./output.ts";
import { formatBytes } from "./times.ts";

/** More often than this a person sees no more, and a slow terminal would slow the download down. */
const INTERVAL = 100;
const CLEAR = "\r\x1b[K";

/** A line on standard error that is drawn over and over, and gone in the end. */
export class ProgressBar {
  readonly #output: Output;
  readonly #now: () => number;
  #drawn = -Infinity;
  #isVisible = false;

  /**
   * @param output Where to draw; nothing is drawn where decoration is not welcome.
   * @param now The clock.
   */
  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** Draws the bar, unless it was drawn just now. */
  draw(progress: Progress): void {
    if (!this.#output.decorated("stderr") || this.#now() - this.#drawn < INTERVAL) return;
    this.#drawn = this.#now();
    this.#isVisible = true;
    this.#output.raw(CLEAR + barLine(progress, this.#output.columns));
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#isVisible) this.#output.raw(CLEAR);
    this.#isVisible = false;
  }
}

/**
 * One line for one moment of a download: share, bytes, speed, time left; what does not fit is left out.
 *
 * What a resumed download had already counts as done, but not for the speed.
 *
 * @param progress The moment.
 * @param columns The width of the screen.
 * @returns The line, shorter than the screen is wide.
 */
export function barLine({ receivedBytes, totalBytes, bytesPerSecond }: Progress, columns: number): string {
  const speed = bytesPerSecond > 0 ? `${formatBytes(bytesPerSecond)}/s` : "";
  if (totalBytes === undefined || totalBytes === 0) {
    return fit([formatBytes(receivedBytes), speed], columns).join("  ");
  }
  const share = Math.min(1, receivedBytes / totalBytes);
  const left = bytesPerSecond > 0
    ? formatDuration(Math.ceil((totalBytes - receivedBytes) / bytesPerSecond) * 1000)
    : "";
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const facts = fit(
    [percent, `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`, speed, left],
    columns,
  );
  const width = Math.min(40, columns - 1 - facts.join("  ").length - 6);
  if (width < 8) return `  ${facts.join("  ")}`;
  const done = Math.floor(share * width);
  return `  [${"=".repeat(done)}${done < width ? ">" : ""}${" ".repeat(Math.max(0, width - done - 1))}]  ${
    facts.join("  ")
  }`;
}

/** Drops the last facts until the rest fits. */
function fit(facts: readonly string[], columns: number): string[] {
  const kept = facts.filter((fact) => fact !== "");
  while (kept.length > 1 && kept.join("  ").length + 3 > columns) kept.pop();
  return kept;
}
