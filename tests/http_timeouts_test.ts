import assert from "node:assert/strict";
import { request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

serverTest(
  "request() gives up after 30 s without an answer (T7)",
  { files: { "/m": "abc" } },
  async (server) => {
    server.fault("/m", { kind: "stall", after: "headers" });
    const { runtime, clock } = wireRuntime();
    const failure = failsWith(request(runtime, `${server.url}/m`, { retries: 0 }), "TIMEOUT");
    await server.silent(1);
    await clock.advance(29_999);
    assert.deepEqual(clock.pauses(), [1]);
    await clock.advance(1);
    assert.deepEqual((await failure).details, {
      url: `${server.url}/m`,
      phase: "connect",
      milliseconds: 30_000,
    });
  },
);

serverTest(
  "a body that goes silent is given up after 30 s (T7)",
  { files: { "/m": new Uint8Array(100) } },
  async (server) => {
    server.fault("/m", { kind: "stall", after: 10 });
    const { runtime, clock } = wireRuntime();
    const response = await request(runtime, `${server.url}/m`);
    assert.equal((await response.read())?.length, 10);
    const failure = failsWith(response.read(), "TIMEOUT");
    await clock.advance(30_000);
    assert.equal((await failure).details.phase, "idle");
  },
);

serverTest("a body that drips one byte a second is given up after a minute (T7)", {
  files: { "/m": new Uint8Array(1000) },
}, async (server) => {
  server.fault("/m", { kind: "drip", bytes: 1, milliseconds: 1 });
  const { runtime, clock } = wireRuntime();
  const response = await request(runtime, `${server.url}/m`);
  let seconds = 0;
  const failure = failsWith(
    (async () => {
      for (;; seconds++) {
        const reading = response.read();
        await clock.advance(1000);
        await reading;
      }
    })(),
    "TIMEOUT",
  );
  assert.equal((await failure).details.phase, "rate");
  assert(seconds >= 59 && seconds <= 65, `${seconds} s`);
});

serverTest("a consumer that takes its time is not taken for a slow server (T7)", {
  files: { "/m": new Uint8Array(200_000) },
}, async (server) => {
  const { runtime, clock } = wireRuntime();
  const response = await request(runtime, `${server.url}/m`);
  let received = 0;
  for (let chunk = await response.read(); chunk !== undefined; chunk = await response.read()) {
    received += chunk.length;
    await clock.advance(120_000);
  }
  assert.equal(received, 200_000);
  assert.deepEqual(clock.pauses(), []);
});
