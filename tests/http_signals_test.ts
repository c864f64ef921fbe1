import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchBytes, request } from "../src/http.ts";
import { LIMITS, scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

test("aborting while the body of a 403 is waited for rejects with the signal's reason", async () => {
  const { runtime, clock } = scripted(() => new Response(new ReadableStream(), { status: 403 }));
  const controller = new AbortController();
  const pending = request(runtime, "https://one.example/", { signal: controller.signal });
  await clock.reached(2000);
  controller.abort("enough");
  await assert.rejects(pending, (error) => error === "enough");
  assert.deepEqual(clock.pauses(), []);
});

test("request() does not start once its signal is aborted", async () => {
  const { runtime, asked } = scripted(() => new Response("x"));
  const reason = new Error("enough");
  await assert.rejects(
    request(runtime, "https://one.example/", { signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
  assert.deepEqual(asked, []);
});

const abortPhases: [phase: string, fault: "headers" | number][] = [["for an answer", "headers"], [
  "for the body",
  1,
]];
for (const [phase, after] of abortPhases) {
  serverTest(`aborting while waiting ${phase} rejects with the signal's reason and leaves no timer`, {
    files: { "/m": "abc" },
  }, async (server) => {
    server.fault("/m", { kind: "stall", after });
    const { runtime, clock } = wireRuntime();
    const controller = new AbortController();
    const pending = fetchBytes(runtime, `${server.url}/m`, { ...LIMITS, signal: controller.signal });
    await server.silent(1);
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
    assert.deepEqual(clock.pauses(), []);
    assert.equal(server.requests.length, 1);
  });
}

test("aborting during the pause before a retry rejects with the signal's reason", async () => {
  const { runtime, clock } = scripted(() => new Response(null, { status: 500 }));
  const controller = new AbortController();
  const pending = request(
    { ...runtime, random: (bytes) => new Uint8Array(bytes).fill(255) },
    "https://one.example/",
    { signal: controller.signal },
  );
  await clock.reached(499);
  controller.abort("enough");
  await assert.rejects(pending, (error) => error === "enough");
  assert.deepEqual(clock.pauses(), []);
});

test("a fetch function that ignores its signal is not waited for", async () => {
  const { runtime, clock } = scripted(() => new Promise(() => {}));
  const controller = new AbortController();
  const pending = request(runtime, "https://one.example/", { signal: controller.signal });
  await clock.reached(30_000);
  controller.abort("enough");
  await assert.rejects(pending, (error) => error === "enough");
});

test("a late answer to a request that was given up is dropped", async () => {
  let answer: (response: Response) => void = () => {};
  let cancelled = false;
  const { runtime, asked } = scripted(() => new Promise((resolve) => answer = resolve));
  const controller = new AbortController();
  const pending = request(runtime, "https://one.example/", { signal: controller.signal });
  while (asked.length === 0) await Promise.resolve();
  controller.abort("enough");
  await assert.rejects(pending, (error) => error === "enough");
  answer(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert(cancelled);
});
