import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateErrorCode } from "../src/errors.ts";
import { fetchBytes, request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { LIMITS, scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

const retried: [status: number, attempts: number, code: UpdateErrorCode][] = [
  [400, 1, "HTTP_STATUS"],
  [401, 1, "HTTP_STATUS"],
  [403, 1, "HTTP_STATUS"],
  [404, 1, "HTTP_STATUS"],
  [407, 1, "HTTP_STATUS"],
  [408, 4, "HTTP_STATUS"],
  [410, 1, "HTTP_STATUS"],
  [416, 1, "HTTP_STATUS"],
  [425, 4, "HTTP_STATUS"],
  [429, 1, "RATE_LIMITED"],
  [500, 4, "HTTP_STATUS"],
  [501, 1, "HTTP_STATUS"],
  [502, 4, "HTTP_STATUS"],
  [503, 4, "HTTP_STATUS"],
  [504, 4, "HTTP_STATUS"],
  [204, 1, "HTTP_STATUS"],
  [206, 1, "HTTP_STATUS"],
  [300, 1, "HTTP_STATUS"],
];
for (const [status, attempts, code] of retried) {
  test(`request() asks ${attempts} times when the answer is ${status}, then fails with ${code}`, async () => {
    let cancelled = 0;
    const { runtime, asked } = scripted(() => {
      const body = new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 });
      return new Response(status === 204 || status === 403 ? null : body, { status });
    });
    const { message } = await failsWith(request(runtime, "https://one.example/?secret"), code);
    assert.doesNotMatch(message, /secret/);
    assert.equal(asked.length, attempts);
    assert.equal(cancelled, status === 204 || status === 403 ? 0 : attempts, "every body is cancelled");
  });
}

serverTest(
  "request() succeeds when the server recovers within the retries",
  { files: { "/m": "abc" } },
  async (server) => {
    server.fault("/m", { kind: "status", status: 502 }, { times: 3 });
    const { runtime } = wireRuntime();
    const { bytes } = await fetchBytes(runtime, `${server.url}/m`, LIMITS);
    assert.equal(bytes.length, 3);
    assert.equal(server.requests.length, 4);
  },
);

test("request() pauses longer before each retry, by chance up to 0.5, 1 and 2 s", async () => {
  const { runtime, clock } = scripted(() => new Response(null, { status: 500 }));
  const failure = failsWith(
    request({ ...runtime, random: (bytes) => new Uint8Array(bytes).fill(128) }, "https://one.example/"),
    "HTTP_STATUS",
  );
  for (const pause of [250, 501, 1003]) {
    await clock.reached(pause);
    await clock.advance(pause);
  }
  await failure;
});
