import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

const NOW = Date.parse("2026-01-15T12:00:00Z");
const pauses: [title: string, status: number, headers: Record<string, string>, pause: number][] = [
  ["Retry-After in seconds", 429, { "retry-after": "120" }, 120_000],
  ["Retry-After in seconds", 503, { "retry-after": "31" }, 31_000],
  ["Retry-After as a date", 503, { "retry-after": "Thu, 15 Jan 2026 12:05:00 GMT" }, 300_000],
  [
    "Retry-After as a date, by the server's clock",
    503,
    { "retry-after": "Thu, 15 Jan 2026 18:05:00 GMT", date: "Thu, 15 Jan 2026 18:00:00 GMT" },
    300_000,
  ],
  ["nothing", 429, {}, 60_000],
  [
    "GitHub's primary limit",
    403,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 1800) },
    1_800_000,
  ],
  [
    "GitHub's primary limit",
    429,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1000 + 1800) },
    1_800_000,
  ],
  ["GitHub's secondary limit", 403, { "retry-after": "61", "x-ratelimit-remaining": "40" }, 61_000],
  ["a pause of ten years, believed for a day", 503, { "retry-after": "315360000" }, 86_400_000],
];
for (const [title, status, headers, pause] of pauses) {
  test(`request() reports until when to pause: ${status} with ${title}`, async () => {
    const { runtime, asked } = scripted(() => new Response(null, { status, headers }));
    const { details, message } = await failsWith(request(runtime, "https://one.example/"), "RATE_LIMITED");
    assert.equal(details.until - NOW, pause);
    assert.match(message, /try again after 2026-01-1\dT/);
    assert.equal(asked.length, 1);
  });
}

test("request() waits out a short pause and then succeeds", async () => {
  let answers = 0;
  const { runtime, clock } = scripted(() =>
    ++answers === 1
      ? new Response(null, { status: 503, headers: { "retry-after": "20" } })
      : new Response("x")
  );
  const pending = request(runtime, "https://one.example/");
  await clock.reached(20_000);
  await clock.advance(20_000);
  await (await pending).cancel();
  assert.equal(answers, 2);
});

serverTest("request() tells GitHub's secondary limit without a header from a plain 403", {
  files: { "/m": "x" },
}, async (server) => {
  server.fault("/m", { kind: "rate-limit", limit: "secondary-without-header", seconds: 0 });
  server.fault("/m", { kind: "status", status: 403, body: "Forbidden" });
  const { runtime, clock } = wireRuntime();
  const { details } = await failsWith(request(runtime, `${server.url}/m`), "RATE_LIMITED");
  assert.equal(details.until - clock.now(), 60_000);
  await failsWith(request(runtime, `${server.url}/m`), "HTTP_STATUS");
});

test("request() reports a 403 whose body breaks as a 403, and does not ask again", async () => {
  const { runtime, asked, clock } = scripted(() => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) });
    return new Response(body, { status: 403 });
  });
  await failsWith(request(runtime, "https://one.example/"), "HTTP_STATUS", { status: 403 });
  assert.equal(asked.length, 1);
  assert.deepEqual(clock.pauses(), []);
});

test("request() waits 2 s for the body of a 403, then lets go of it and reports the 403 (T7)", async () => {
  let cancelled = 0;
  const { runtime, asked, clock } = scripted(() =>
    new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 403 })
  );
  const failure = failsWith(request(runtime, "https://one.example/"), "HTTP_STATUS", { status: 403 });
  await clock.reached(2000);
  await clock.advance(2000);
  await failure;
  assert.deepEqual([asked.length, cancelled], [1, 1]);
  assert.deepEqual(clock.pauses(), []);
});
