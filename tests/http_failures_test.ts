import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchBytes, request } from "../src/http.ts";
import { startFaultServer } from "../src/testing/fault_server.ts";
import { failsWith } from "./support/fails_with.ts";
import { LIMITS } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

serverTest("a broken connection is retried, and the message says why and how often", {
  files: { "/m": "0123456789" },
}, async (server) => {
  server.fault("/m", { kind: "cut", after: 4 }, { times: 4 });
  const { runtime } = wireRuntime();
  const failure = await failsWith(fetchBytes(runtime, `${server.url}/m?secret=1`, LIMITS), "NETWORK");
  assert.equal(failure.message, `Cannot fetch ${server.url}/m: the connection broke (tried 4 times)`);
  assert.deepEqual(failure.details, { url: `${server.url}/m`, attempts: 4 });
  assert(failure.cause instanceof Error);
  assert.equal((await fetchBytes(runtime, `${server.url}/m`, LIMITS)).bytes.length, 10);
});

test("a connection that nobody accepts is explained", async () => {
  const server = await startFaultServer();
  await server.close();
  const { runtime } = wireRuntime();
  const failure = await failsWith(request(runtime, `${server.url}/m`), "NETWORK");
  assert.match(failure.message, /nothing answers at this address/);
  assert.equal(failure.details.attempts, 4);
});

test("a host name that does not exist is explained, without the query", async () => {
  const { runtime } = wireRuntime();
  const failure = await failsWith(request(runtime, "https://no-such-host.invalid/m?canary"), "NETWORK");
  assert.match(failure.message, /the host name cannot be found/);
  for (let error: unknown = failure; error instanceof Error; error = error.cause) {
    assert.doesNotMatch(`${error.message} ${error.stack}`, /canary/);
  }
});

serverTest("a server that speaks no HTTP is a failure of the network", {}, async (server) => {
  server.fault("/m", { kind: "raw", bytes: "220 mail.example ESMTP\r\n\r\n" }, { times: Infinity });
  const { runtime } = wireRuntime();
  await failsWith(request(runtime, `${server.url}/m`, { retries: 0 }), "NETWORK");
});
