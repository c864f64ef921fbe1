/**
 * The runtime of tests of requests: no network, a clock that stands still, no chance.
 *
 * @module
 */

import type { HttpRuntime } from "../../src/http.ts";
import { type FakeClock, fakeClock } from "./fake_clock.ts";

/** What a runtime was asked for. */
export interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A runtime with its clock and what it was asked for. */
export interface Scripted {
  readonly runtime: HttpRuntime;
  readonly clock: FakeClock;
  readonly asked: readonly Asked[];
}

/** A runtime that answers from a table of addresses and records what was asked. */
export function scripted(
  answer: (url: string, init: RequestInit) => Response | Promise<Response>,
): Scripted {
  const clock = fakeClock();
  const asked: Asked[] = [];
  const runtime: HttpRuntime = {
    now: clock.now,
    wait: clock.wait,
    random: (bytes) => new Uint8Array(bytes),
    fetch: async (url, init) => {
      asked.push({ url, headers: Object.fromEntries(new Headers(init.headers)) });
      return await answer(url, init);
    },
  };
  return { runtime, clock, asked };
}

/** The limit of the documents that the tests fetch. */
export const LIMITS = { maxBytes: 1000, what: "manifest" };
