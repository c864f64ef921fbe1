/**
 * Which faults happen to which requests.
 *
 * @module
 */

import type { Fault } from "./fault.ts";

/** Faults in the order in which they will happen, by path; `"*"` stands for the paths that have none of their own. */
export class FaultPlan {
  readonly #steps = new Map<string, { readonly faults: readonly Fault[]; times: number }[]>();

  /** Plans faults for the next `times` requests after those planned already. */
  add(path: string, faults: readonly Fault[], times: number): void {
    this.#steps.set(path, [...this.#steps.get(path) ?? [], { faults, times }]);
  }

  /** The faults of the request that has just come. */
  next(path: string): readonly Fault[] {
    const key = this.#steps.has(path) ? path : "*";
    const [step, ...later] = this.#steps.get(key) ?? [];
    if (step === undefined) return [];
    if (--step.times > 0) return step.faults;
    if (later.length > 0) this.#steps.set(key, later);
    else this.#steps.delete(key);
    return step.faults;
  }

  /** Forgets everything. */
  clear(): void {
    this.#steps.clear();
  }
}
