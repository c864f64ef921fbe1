import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { UpdateErrorCode } from "../src/errors.ts";
import { fetchBytes, type HttpRuntime, request, type RequestOptions } from "../src/http.ts";
import { startFaultServer } from "../src/testing/fault_server.ts";
import { fakeClock } from "./support/fake_clock.ts";
import { failsWith } from "./support/fails_with.ts";
import { serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

/** A runtime that answers from a table of addresses and records what was asked. */
function scripted(answer: (url: string, init: RequestInit) => Response | Promise<Response>) {
  const clock = fakeClock();
  const asked: { url: string; headers: Record<string, string> }[] = [];
  const runtime: HttpRuntime = {
    now: clock.now,
    wait: clock.wait,
    random: (bytes) => new Uint8Array(bytes),
    fetch: async (url, init) => {
      asked.push({ url, headers: Object.fromEntries(new Headers(init.headers)) });
      return await answer(url, init);
    },
  };
  return { runtime, clock, asked };
}

const LIMITS = { maxBytes: 1000, what: "manifest" };

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

const redirects: [location: string | null, outcome: string | RegExp][] = [
  ["/b", "https://one.example/b"],
  ["b?c#d", "https://one.example/b?c"],
  ["//two.example/b", "https://two.example/b"],
  ["HTTPS://TWO.EXAMPLE/b", "https://two.example/b"],
  ["https://bücher.example/", "https://xn--bcher-kva.example/"],
  ["http://one.example/b", /from https to http/],
  ["http://127.0.0.1/b", /from https to http/],
  ["https://user:secret@two.example/", /user or password/],
  ["file:///etc/passwd", /file: addresses/],
  ["data:text/plain,x", /data: addresses/],
  ["ftp://two.example/", /ftp: addresses/],
  ["https://", /cannot be read/],
];
for (const [location, outcome] of redirects) {
  test(`request() ${typeof outcome === "string" ? "follows" : "refuses"} a redirect to ${location} (T15)`, async () => {
    const { runtime, asked } = scripted((url) =>
      url === "https://one.example/a"
        ? new Response(null, { status: 302, headers: { location: location ?? "" } })
        : new Response("x")
    );
    const promise = request(runtime, "https://one.example/a");
    if (typeof outcome === "string") {
      const response = await promise;
      await response.cancel();
      assert.equal(response.url, outcome);
      assert.equal(asked.at(-1)?.url, outcome);
    } else {
      const { message, details } = await failsWith(promise, "ADDRESS_REFUSED");
      assert.match(details.reason, outcome);
      assert.doesNotMatch(message, /secret/);
      assert.equal(asked.length, 1);
    }
  });
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`request() follows status ${status} and asks for no automatic redirects`, async () => {
    const modes: (string | undefined)[] = [];
    const { runtime } = scripted((url, init) => {
      modes.push(init.redirect);
      return url.endsWith("/b")
        ? new Response("x")
        : new Response(null, { status, headers: { location: "/b" } });
    });
    const response = await request(runtime, "https://one.example/a");
    await response.cancel();
    assert.equal(response.url, "https://one.example/b");
    assert.deepEqual(modes, ["manual", "manual"]);
  });
}

for (const [hops, isFollowed] of [[5, true], [6, false]] as const) {
  test(`request() ${isFollowed ? "follows" : "refuses"} ${hops} redirects in a row (T15)`, async () => {
    const { runtime, asked } = scripted((url) => {
      const hop = Number(new URL(url).searchParams.get("hop"));
      return hop === hops
        ? new Response("x")
        : new Response(null, { status: 302, headers: { location: `?hop=${hop + 1}` } });
    });
    const promise = request(runtime, "https://one.example/?hop=0");
    if (isFollowed) await (await promise).cancel();
    else await failsWith(promise, "ADDRESS_REFUSED");
    assert.equal(asked.length, 6);
  });
}

test("request() refuses a fetch function that follows redirects by itself", async () => {
  const response = new Response("x");
  Object.defineProperty(response, "redirected", { value: true });
  const { runtime } = scripted(() => response);
  await assert.rejects(request(runtime, "https://one.example/"), TypeError);
});

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
