import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchBytes, request } from "../src/http.ts";
import { LIMITS, scripted } from "./support/scripted_runtime.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

const bothServers = "request() attaches a token to hops of its own origin only (T16)";
serverTest(bothServers, { files: { "/c": "x" } }, async (home, startAnother) => {
  const secrets = ["authorization", "private-token"];
  const elsewhere = await startAnother({ files: { "/b": "x" } });
  home.fault("/a", { kind: "redirect", to: `${elsewhere.url}/b` });
  elsewhere.fault("/b", { kind: "redirect", to: `${home.url}/c` });
  const { runtime } = wireRuntime();
  const token = [
    { origin: home.url, value: "Bearer canary" },
    { origin: home.url, header: "PRIVATE-TOKEN", value: "canary" },
  ];
  const { url } = await fetchBytes(runtime, `${home.url}/a`, { ...LIMITS, token });
  assert.equal(url, `${home.url}/c`);
  const sent = [...home.requests, ...elsewhere.requests].map(({ path, headers }) => [
    path,
    ...secrets.map((name) => headers.get(name)),
  ]);
  assert.deepEqual(sent, [
    ["/a", "Bearer canary", "canary"],
    ["/c", "Bearer canary", "canary"],
    ["/b", undefined, undefined],
  ]);
  for (const name of ["cookie", "x-api-key", "proxy-authorization"]) {
    assert.equal(elsewhere.requests[0]?.headers.get(name), undefined);
  }
});

const otherOrigins = ["https://one.example:8443", "https://sub.one.example", "http://localhost"];
for (const origin of otherOrigins) {
  test(`request() does not send a token of https://one.example to ${origin} (T16)`, async () => {
    const { runtime, asked } = scripted(() => new Response("x"));
    const token = [{ origin: "https://one.example", value: "canary" }];
    await (await request(runtime, `${origin}/`, { token })).cancel();
    assert.equal(asked[0]?.headers["authorization"], undefined);
  });
}
