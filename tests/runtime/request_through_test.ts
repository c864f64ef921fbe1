import assert from "node:assert/strict";
import { test } from "node:test";
import { requestThrough } from "../../src/runtime/node/request_through.ts";
import { serverTest } from "../support/server_test.ts";

/** Deno never takes this way, and `node:http` of Deno 2.7 loses errors of bodies. */
const isDeno = "Deno" in globalThis;
const nodeTest: typeof serverTest = isDeno
  ? (title) => test(title, { skip: "only Node does this" })
  : serverTest;
if (isDeno) console.log("skipped: requestThrough(): only Node does this");

const DIRECT = { proxy: undefined, ca: undefined };

nodeTest("requestThrough() gives status, headers and body", { files: { "/a": "abc" } }, async (server) => {
  const init = { headers: { range: "bytes=1-" } };
  const response = await requestThrough(new URL(`${server.url}/a?b=c`), init, DIRECT);
  assert.deepEqual([response.status, response.headers.get("content-range")], [206, "bytes 1-2/3"]);
  assert.equal(await response.text(), "bc");
  assert.equal(server.requests[0]?.path, "/a?b=c");
});

nodeTest("requestThrough() follows no redirect", {}, async (server) => {
  server.fault("/a", { kind: "redirect", to: "/b" });
  const response = await requestThrough(new URL(`${server.url}/a`), {}, DIRECT);
  assert.deepEqual([response.status, response.headers.get("location")], [302, "/b"]);
  await response.body?.cancel();
});

nodeTest("requestThrough() decodes what is compressed", { files: { "/a": "abc" } }, async (server) => {
  server.fault("/a", { kind: "gzip" });
  const response = await requestThrough(new URL(`${server.url}/a`), {}, DIRECT);
  assert.equal(await response.text(), "abc");
});

for (const kind of ["plain", "gzip"] as const) {
  nodeTest(
    `requestThrough() tells that a ${kind} body broke off`,
    { files: { "/a": "abc".repeat(99) } },
    async (server) => {
      server.fault("/a", [...kind === "gzip" ? [{ kind }] as const : [], { kind: "cut", after: 15 }]);
      const response = await requestThrough(new URL(`${server.url}/a`), {}, DIRECT);
      await assert.rejects(response.text());
    },
  );
}

nodeTest("requestThrough() ends when its signal is aborted", { files: { "/a": "abc" } }, async (server) => {
  server.fault("/a", { kind: "stall", after: "headers" });
  const controller = new AbortController();
  const pending = requestThrough(new URL(`${server.url}/a`), { signal: controller.signal }, DIRECT);
  await server.arrived(1);
  controller.abort();
  await assert.rejects(pending);
});

nodeTest("requestThrough() gives a 304 without a body", { files: { "/a": "abc" } }, async (server) => {
  server.fault("/a", { kind: "status", status: 304 });
  const response = await requestThrough(new URL(`${server.url}/a`), {}, DIRECT);
  assert.deepEqual([response.status, response.body], [304, null]);
});
