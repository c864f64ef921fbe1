import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchBytes, request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { LIMITS, scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

serverTest("fetchBytes() ends an endless body at its cap (T6)", { files: { "/m": "0" } }, async (server) => {
  server.fault("/m", { kind: "endless" });
  const { runtime } = wireRuntime();
  await failsWith(fetchBytes(runtime, `${server.url}/m`, LIMITS), "TOO_LARGE");
});

test("fetchBytes() reads nothing of an answer without the document, and lets go of it", async () => {
  const events: string[] = [];
  const body = new ReadableStream({
    pull: () => void events.push("read"),
    cancel: () => void events.push("cancelled"),
  }, { highWaterMark: 0 });
  const { runtime, clock } = scripted(() => new Response(body, { status: 404 }));
  const options = { ...LIMITS, acceptStatus: [200, 404] };
  const { status, bytes } = await fetchBytes(runtime, "https://one.example/", options);
  assert.deepEqual([status, bytes.length, events], [404, 0, ["cancelled"]]);
  assert.deepEqual(clock.pauses(), [], "no timer is left");
});

serverTest("fetchBytes() accepts exactly its cap and refuses one byte more", {
  files: { "/m": new Uint8Array(1000), "/n": new Uint8Array(1001) },
}, async (server) => {
  const { runtime } = wireRuntime();
  assert.equal((await fetchBytes(runtime, `${server.url}/m`, LIMITS)).bytes.length, 1000);
  await failsWith(fetchBytes(runtime, `${server.url}/n`, LIMITS), "TOO_LARGE");
  assert.equal(server.requests[1]?.path, "/n");
});

serverTest(
  "fetchBytes() answers 304 without a body and gives the ETag",
  { files: { "/m": "abc" } },
  async (server) => {
    const { runtime } = wireRuntime();
    const first = await fetchBytes(runtime, `${server.url}/m`, LIMITS);
    const headers = { "if-none-match": first.etag ?? "" };
    const again = await fetchBytes(runtime, `${server.url}/m`, {
      ...LIMITS,
      headers,
      acceptStatus: [200, 304],
    });
    assert.deepEqual([again.status, again.bytes.length, again.etag], [304, 0, first.etag]);
  },
);

serverTest(
  "the body as a stream gives all bytes and can be cancelled",
  { files: { "/m": "0123456789" } },
  async (server) => {
    const { runtime, clock } = wireRuntime();
    const whole = await request(runtime, `${server.url}/m`);
    assert.equal(await new Response(whole.body).text(), "0123456789");
    const dropped = await request(runtime, `${server.url}/m`);
    await dropped.body.cancel();
    assert.deepEqual(clock.pauses(), []);
  },
);
