import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { fetchBytes, request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { LIMITS, scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

test("request() asks for no compression", async () => {
  const { runtime, asked } = scripted(() => new Response("x"));
  await (await request(runtime, "https://one.example/")).cancel();
  assert.equal(asked[0]?.headers["accept-encoding"], "identity");
});

serverTest("fetchBytes() counts decoded bytes, not those of a gzip bomb (T6)", {}, async (server) => {
  const bomb = gzipSync(new Uint8Array(50_000_000));
  assert(bomb.length < 60_000);
  server.serve("/m", bomb);
  server.fault("/m", { kind: "headers", headers: { "content-encoding": "gzip" } });
  const { runtime } = wireRuntime();
  const options = { maxBytes: 1_000_000, what: "manifest" };
  const { details } = await failsWith(fetchBytes(runtime, `${server.url}/m`, options), "TOO_LARGE");
  assert.deepEqual(details, { what: "manifest", limit: 1_000_000, source: `${server.url}/m` });
  assert.equal(server.requests.length, 1);
});

serverTest("fetchBytes() decodes what a server compressed against the request", {
  files: { "/m": "0123456789" },
}, async (server) => {
  server.fault("/m", { kind: "gzip" });
  const { runtime } = wireRuntime();
  const { bytes } = await fetchBytes(runtime, `${server.url}/m`, LIMITS);
  assert.equal(new TextDecoder().decode(bytes), "0123456789");
});

const DOCUMENT = JSON.stringify({ name: "Grüße", latest: { stable: "1.2.3" } });

test("fetchBytes() decodes x-gzip, which is another name of gzip", async () => {
  const headers = { "content-encoding": "X-GZIP" };
  const { runtime } = scripted(() => new Response(new Uint8Array(gzipSync(DOCUMENT)), { headers }));
  const { bytes } = await fetchBytes(runtime, "https://one.example/m", LIMITS);
  assert.equal(new TextDecoder().decode(bytes), DOCUMENT);
});

const encodings: [encoding: string, encode: (text: string) => Uint8Array<ArrayBuffer>][] = [
  ["deflate", (text) => new Uint8Array(deflateSync(text))],
  ["br", (text) => new Uint8Array(brotliCompressSync(text))],
];
for (const [encoding, encode] of encodings) {
  const headers = { "content-encoding": encoding };

  test(`fetchBytes() names ${encoding}, which it did not ask for, where the runtime has not decoded it`, async () => {
    const { runtime } = scripted(() => new Response(encode(DOCUMENT), { headers }));
    const { message } = await failsWith(
      fetchBytes(runtime, "https://one.example/m?canary", LIMITS),
      "NETWORK",
    );
    assert.match(message, new RegExp(`Content-Encoding "${encoding}"`));
    assert.doesNotMatch(message, /canary/);
  });

  test(`fetchBytes() takes a document that the runtime has decoded from ${encoding}`, async () => {
    const { runtime } = scripted(() => new Response(DOCUMENT, { headers }));
    const { bytes } = await fetchBytes(runtime, "https://one.example/m", LIMITS);
    assert.equal(new TextDecoder().decode(bytes), DOCUMENT);
  });
}

serverTest("fetchBytes() takes what comes deflated, or names it, on every runtime", {}, async (server) => {
  server.serve("/m", deflateSync(DOCUMENT));
  server.fault("/m", { kind: "headers", headers: { "content-encoding": "deflate" } }, { times: Infinity });
  const { runtime } = wireRuntime();
  const outcome = await fetchBytes(runtime, `${server.url}/m`, LIMITS).then(
    ({ bytes }) => new TextDecoder().decode(bytes),
    ({ message }: Error) => message,
  );
  assert(outcome === DOCUMENT || outcome.includes('Content-Encoding "deflate"'), outcome);
});

serverTest("fetchBytes() takes damaged compressed data for a broken connection", {}, async (server) => {
  server.serve("/m", gzipSync("0123456789").map((byte, index) => index === 2 ? byte ^ 0xff : byte));
  server.fault("/m", { kind: "headers", headers: { "content-encoding": "gzip" } }, { times: Infinity });
  const { runtime } = wireRuntime();
  await failsWith(fetchBytes(runtime, `${server.url}/m`, LIMITS), "NETWORK");
  assert.equal(server.requests.length, 4);
});
