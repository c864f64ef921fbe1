import assert from "node:assert/strict";
import { test } from "node:test";
import { request, type RequestOptions } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { scripted } from "./support/scripted_runtime.ts";

const refusedAddresses: [url: string, reason: RegExp][] = [
  ["http://example.com/a", /not encrypted/],
  ["HTTP://EXAMPLE.COM/a", /not encrypted/],
  ["http://127.0.0.1.example.com/", /not encrypted/],
  ["http://localhost.example.com/", /not encrypted/],
  ["http://10.0.0.1/", /not encrypted/],
  ["https://user@example.com/", /user or password/],
  ["https://user:password@example.com/", /user or password/],
  ["https://:password@example.com/", /user or password/],
  ["file:///etc/passwd", /file: addresses/],
  ["data:text/plain,x", /data: addresses/],
  ["ftp://example.com/", /ftp: addresses/],
  ["javascript:alert(1)", /javascript: addresses/],
  ["//example.com/a", /not a complete address/],
  ["/a", /not a complete address/],
  ["", /not a complete address/],
];
for (const [url, reason] of refusedAddresses) {
  test(`request() refuses ${JSON.stringify(url)} without asking anybody (T15)`, async () => {
    const { runtime, asked } = scripted(() => new Response("x"));
    const { message, details } = await failsWith(request(runtime, url), "ADDRESS_REFUSED");
    assert.match(details.reason, reason);
    assert.doesNotMatch(message, /password@|user@/);
    assert.deepEqual(asked, []);
  });
}

const acceptedAddresses: [url: string, asked: string, options?: RequestOptions][] = [
  ["https://example.com/a#b", "https://example.com/a"],
  ["HTTPS://EXAMPLE.com/a?b=c", "https://example.com/a?b=c"],
  ["https://bücher.example/", "https://xn--bcher-kva.example/"],
  ["http://127.0.0.1:8080/", "http://127.0.0.1:8080/"],
  ["http://127.8.8.8/", "http://127.8.8.8/"],
  ["http://[::1]:80/", "http://[::1]/"],
  ["http://localhost/", "http://localhost/"],
  ["http://app.localhost/", "http://app.localhost/"],
  ["http://example.com/", "http://example.com/", { allowInsecure: true }],
];
for (const [url, expected, options] of acceptedAddresses) {
  test(`request() asks ${expected} for ${url}${options ? " where http is allowed" : ""}`, async () => {
    const { runtime, asked } = scripted(() => new Response("x"));
    const response = await request(runtime, url, options);
    await response.cancel();
    assert.deepEqual(asked.map((each) => each.url), [expected]);
  });
}
