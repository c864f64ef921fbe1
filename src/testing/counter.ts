/**
 * Counts events and tells when there were enough of them.
 *
 * @module
 */

/** A number that grows, and those who wait for it. */
export class Counter {
  #value = 0;
  #waiting: { readonly value: number; readonly resolve: () => void }[] = [];

  /** One more. */
  increase(): void {
    this.#value++;
    for (const { value, resolve } of this.#waiting) if (value <= this.#value) resolve();
    this.#waiting = this.#waiting.filter(({ value }) => value > this.#value);
  }

  /** Resolves once there were this many. */
  reached(value: number): Promise<void> {
    if (this.#value >= value) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ value, resolve }));
  }
}
