/**
 * The runtime of transport tests: the real network and the real disk, a clock that stands still, no chance.
 *
 * @module
 */

import { systemRuntime } from "../../src/runtime/default.ts";
import type { Runtime } from "../../src/runtime/types.ts";
import type { FaultServer } from "../../src/testing/fault_server.ts";
import { type FakeClock, fakeClock } from "./fake_clock.ts";
import type { Gate } from "./server_test.ts";

/** A runtime with its clock. */
export interface WireRuntime {
  readonly runtime: Runtime;
  readonly clock: FakeClock;
}

/**
 * Makes the runtime. Random bytes are zeros, so that a pause before a retry lasts no time.
 *
 * @param parts What is different.
 */
export function wireRuntime(parts: Partial<Runtime> = {}): WireRuntime {
  const clock = fakeClock();
  const system = systemRuntime();
  const random = (bytes: number) => new Uint8Array(bytes);
  return { clock, runtime: { ...system, now: clock.now, wait: clock.wait, random, ...parts } };
}

/**
 * Makes a runtime whose clock jumps by `milliseconds` whenever the server has gone silent and the client has everything
 * that was sent and waits for more: the one moment at which nothing but time can go on.
 *
 * @param server Who goes silent.
 * @param milliseconds How far the clock jumps.
 * @param gate Opened to a server that wants to cut the connection once the client has what was sent: Node and Bun
 *   lose bytes that arrive together with the end.
 */
export function stallingRuntime(server: FaultServer, milliseconds: number, gate: Gate): WireRuntime {
  const { clock, runtime } = wireRuntime();
  let received = 0;
  let earlier = 0;
  let waiting = 0;
  let jumps = 0;
  let silences = 0;
  const jumpIfStuck = (): void => {
    const last = server.requests.at(-1);
    if (waiting === 0 || server.requests.length === earlier || jumps === server.requests.length) return;
    if (last === undefined || !last.isSilent || last.sentBytes !== received) return;
    jumps = server.requests.length;
    void clock.advance(milliseconds);
  };
  const watch = async (): Promise<void> => {
    await server.silent(++silences);
    jumpIfStuck();
    await watch();
  };
  void watch();
  gate.isOpen = () => server.requests.at(-1)?.sentBytes === received;
  const waited = async <T>(promise: Promise<T>): Promise<T> => {
    waiting++;
    jumpIfStuck();
    return await promise.finally(() => waiting--);
  };
  const fetch: Runtime["fetch"] = async (url, init) => {
    received = 0;
    earlier = server.requests.length;
    const response = await waited(runtime.fetch(url, init));
    const reader = response.body?.getReader();
    const body = reader && new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await waited(reader.read());
        if (done) return controller.close();
        received += value.length;
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
    const { status, headers } = response;
    return new Response(body && ![204, 304].includes(status) ? body : null, { status, headers });
  };
  return { clock, runtime: { ...runtime, fetch } };
}
