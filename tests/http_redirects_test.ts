import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "../src/http.ts";
import { failsWith } from "./support/fails_with.ts";
import { scripted } from "./support/scripted_runtime.ts";

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
