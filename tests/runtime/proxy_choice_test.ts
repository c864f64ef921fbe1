import assert from "node:assert/strict";
import { test } from "node:test";
import {
  proxyCredentials,
  proxyFor,
  proxySettings,
  requireProxy,
} from "../../src/runtime/machine/proxy_choice.ts";

const rows: [except: string, url: string, isDirect: boolean][] = [
  ["", "https://one.example/", false],
  ["*", "https://one.example/", true],
  ["one.example", "https://one.example/", true],
  ["ONE.example", "https://One.Example/", true],
  ["one.example", "https://sub.one.example/", true],
  [".one.example", "https://sub.one.example/", true],
  [".one.example", "https://one.example/", true],
  ["*.one.example", "https://sub.one.example/", true],
  ["one.example", "https://notone.example/", false],
  ["one.example", "https://one.example.evil/", false],
  ["one.example.", "https://one.example/", true],
  ["two.example, one.example", "https://one.example/", true],
  ["two.example one.example", "https://one.example/", true],
  ["two.example,,", "https://one.example/", false],
  ["one.example:443", "https://one.example/", true],
  ["one.example:8443", "https://one.example/", false],
  ["one.example:8443", "https://one.example:8443/", true],
  ["one.example:80", "http://one.example/", true],
  ["127.0.0.1", "http://127.0.0.1:8080/", true],
  ["127.0.0.1:8080", "http://127.0.0.1:8080/", true],
  ["127.0.0.1:8080", "http://127.0.0.1:8081/", false],
  ["7.0.0.1", "http://127.0.0.1/", false],
  ["0.0.1", "http://127.0.0.1/", false],
  ["10.0.0.0/8", "http://10.20.30.40/", true],
  ["10.0.0.0/8", "http://11.0.0.1/", false],
  ["192.168.4.0/22", "http://192.168.7.255/", true],
  ["192.168.4.0/22", "http://192.168.8.0/", false],
  ["0.0.0.0/0", "http://8.8.8.8/", true],
  ["10.0.0.0/33", "http://10.0.0.0/", false],
  ["10.0.0.0/8", "http://one.example/", false],
  ["::1", "http://[::1]/", true],
  ["[::1]", "http://[::1]/", true],
  ["[::1]:8080", "http://[::1]:8080/", true],
  ["[::1]:8080", "http://[::1]:8081/", false],
  ["localhost", "http://localhost:8080/", true],
];
for (const [except, url, isDirect] of rows) {
  test(`NO_PROXY=${JSON.stringify(except)}: ${url} ${isDirect ? "directly" : "through the proxy"} (T17)`, () => {
    const settings = { http: "http://p:1", https: "http://p:1", except };
    assert.equal(proxyFor(new URL(url), settings), isDirect ? undefined : "http://p:1");
  });
}

const environments: [env: Record<string, string>, http: string | undefined, https: string | undefined][] = [
  [{}, undefined, undefined],
  [{ HTTP_PROXY: "http://a" }, "http://a", undefined],
  [{ HTTPS_PROXY: "http://a" }, undefined, "http://a"],
  [{ HTTPS_PROXY: "http://a", https_proxy: "http://b" }, undefined, "http://b"],
  [{ http_proxy: "" }, undefined, undefined],
  [{ ALL_PROXY: "http://a" }, "http://a", "http://a"],
  [{ ALL_PROXY: "http://a", HTTPS_PROXY: "http://b" }, "http://a", "http://b"],
  [{ HTTPS_PROXY: "proxy.example:3128" }, undefined, "http://proxy.example:3128"],
  [{ HTTP_PROXY: "http://stranger", REQUEST_METHOD: "GET" }, undefined, undefined],
  [{ http_proxy: "http://a", REQUEST_METHOD: "GET" }, "http://a", undefined],
];
for (const [env, http, https] of environments) {
  test(`proxies of ${JSON.stringify(env)}: ${http ?? "none"} for http, ${https ?? "none"} for https`, () => {
    const settings = proxySettings((name) => env[name]);
    assert.equal(proxyFor(new URL("http://one.example"), settings), http);
    assert.equal(proxyFor(new URL("https://one.example"), settings), https);
  });
}

const credentials: [address: string, username: string | undefined, password: string | undefined][] = [
  ["http://one.example", undefined, undefined],
  ["http://user@one.example", "user", ""],
  ["http://user:p%40ss%3Aw@one.example", "user", "p@ss:w"],
  ["http://user:100%@one.example", "user", "100%"],
];
for (const [address, username, password] of credentials) {
  test(`a proxy's user and password in ${address}`, () => {
    const expected = username === undefined ? undefined : { username, password };
    assert.deepEqual(proxyCredentials(new URL(address)), expected);
  });
}

for (
  const address of ["http://[::bad", "http://", "ftp://canary@h:1", "http://h:99999", "h:1", "", "canary"]
) {
  test(`the proxy ${JSON.stringify(address)} is refused, and not said (T17)`, () => {
    assert.throws(() => requireProxy(address), (error: Error) => {
      assert(error instanceof TypeError);
      assert.match(error.message, /^Cannot use the proxy: /);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  });
}

const odd: [address: string, host: string, password: string | undefined][] = [
  ["http://u:p|x@h:1", "h:1", "p|x"],
  ['http://u:"[]^{}@h:1', "h:1", '"[]^{}'],
  ["https://u:p x@h", "h", "p x"],
  ["http://[::1]:3128", "[::1]:3128", undefined],
];
for (const [address, host, password] of odd) {
  test(`the proxy ${address} can be used as it is meant`, () => {
    const url = requireProxy(address);
    assert.deepEqual([url.host, proxyCredentials(url)?.password], [host, password]);
  });
}
