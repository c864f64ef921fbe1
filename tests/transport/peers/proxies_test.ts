import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { client, clientsIn } from "../support/client_process.ts";
import { PASSWORD, peerTest, SHA256, USER } from "../support/peer_case.ts";
import { makeCertificate, startNginx, startTinyproxy } from "../support/peers.ts";

/** Variables for a proxy and a server's port; whether the proxy is asked. Alike on every runtime (T17). */
const proxyCases: [
  title: string,
  env: (proxy: string, port: number) => Record<string, string>,
  outcome: string,
  asked: boolean,
][] = [
  ["HTTP_PROXY", (proxy) => ({ HTTP_PROXY: proxy }), SHA256, true],
  ["http_proxy", (proxy) => ({ http_proxy: proxy }), SHA256, true],
  [
    "http_proxy before HTTP_PROXY",
    (proxy) => ({ HTTP_PROXY: "http://127.0.0.1:1", http_proxy: proxy }),
    SHA256,
    true,
  ],
  [
    "all_proxy before ALL_PROXY",
    (proxy) => ({ ALL_PROXY: "http://127.0.0.1:1", all_proxy: proxy }),
    SHA256,
    true,
  ],
  ["NO_PROXY", (proxy) => ({ HTTP_PROXY: proxy, NO_PROXY: "example.com,127.0.0.1" }), SHA256, false],
  ["no_proxy", (proxy) => ({ http_proxy: proxy, no_proxy: "127.0.0.1" }), SHA256, false],
  ["ALL_PROXY", (proxy) => ({ ALL_PROXY: proxy }), SHA256, true],
  ["all_proxy", (proxy) => ({ all_proxy: proxy }), SHA256, true],
  ["HTTPS_PROXY, which is not for http", (proxy) => ({ HTTPS_PROXY: proxy }), SHA256, false],
  ["NO_PROXY=*", (proxy) => ({ HTTP_PROXY: proxy, NO_PROXY: "*" }), SHA256, false],
  ["NO_PROXY with a network", (proxy) => ({ HTTP_PROXY: proxy, NO_PROXY: "127.0.0.0/8" }), SHA256, false],
  [
    "NO_PROXY with the server's port",
    (proxy, port) => ({ HTTP_PROXY: proxy, NO_PROXY: `127.0.0.1:${port}` }),
    SHA256,
    false,
  ],
  [
    "NO_PROXY with another port",
    (proxy, port) => ({ HTTP_PROXY: proxy, NO_PROXY: `127.0.0.1:${port - 1}` }),
    SHA256,
    true,
  ],
  ["NO_PROXY of somebody else", (proxy) => ({ HTTP_PROXY: proxy, NO_PROXY: ".example.com" }), SHA256, true],
  [
    "a wrong password",
    (proxy) => ({ HTTP_PROXY: proxy.replace(PASSWORD, "canary-x") }),
    "HTTP_STATUS",
    true,
  ],
];
for (const [title, env, outcome, asked] of proxyCases) {
  peerTest(`tinyproxy, http: ${title} (T17)`, ["nginx", "tinyproxy"], async (folder, keep) => {
    const { port, log } = await keep(startNginx(folder));
    const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
    const variables = env(`http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`, port);
    const report = await client(`http://127.0.0.1:${port}/app`, folder, variables);
    assert.equal(report.outcome, outcome, report.message);
    assert.equal((await readFile(proxy.log, "utf8")).includes("GET http://"), asked);
    const from = asked ? "127.0.0.2" : "127.0.0.1";
    assert.deepEqual(await clientsIn(log), outcome === SHA256 ? [from] : []);
  });
}

/** Passwords that are not encoded as they should be: the proxy is asked all the same, never the server directly. */
const oddPasswords: [name: string, password: string][] = [
  ["HTTP_PROXY", "p|x"],
  ["http_proxy", "p|x"],
  ["ALL_PROXY", "p|x"],
  ["all_proxy", "p|x"],
  ["HTTP_PROXY", "p x"],
  ["HTTP_PROXY", 'p<"[x]">{^`}'],
  ["HTTP_PROXY", "pé"],
];
for (const [name, password] of oddPasswords) {
  const title = `tinyproxy, http: ${name} with the wrong password ${password}, not encoded (T17)`;
  peerTest(title, ["nginx", "tinyproxy"], async (folder, keep) => {
    const { port, log } = await keep(startNginx(folder));
    const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
    const env = { [name]: `http://${USER}:${password}@127.0.0.1:${proxy.port}` };
    const report = await client(`http://127.0.0.1:${port}/app`, folder, env);
    assert.equal(report.outcome, "HTTP_STATUS", report.message);
    assert.match(await readFile(proxy.log, "utf8"), /GET http:\/\//);
    assert.deepEqual(await clientsIn(log), []);
  });
}

const unusableProxies: [name: string, value: string][] = [
  ["HTTP_PROXY", "http://[::bad"],
  ["HTTP_PROXY", "ftp://user:canary@127.0.0.1:1"],
  ["http_proxy", "ftp://user:canary@127.0.0.1:1"],
  ["ALL_PROXY", "http://user:canary@127.0.0.1:99999"],
  ["HTTP_PROXY", "http://user:canary@"],
];
for (const [name, value] of unusableProxies) {
  peerTest(
    `${name}=${value} is refused instead of asking directly (T17)`,
    ["nginx"],
    async (folder, keep) => {
      const { port, log } = await keep(startNginx(folder));
      const report = await client(`http://127.0.0.1:${port}/app`, folder, { [name]: value });
      // Bun reads the variables itself, and has words of its own.
      if (!("Bun" in globalThis)) {
        assert.equal(report.outcome, "NETWORK", report.message);
        assert.match(report.message ?? "", /the proxy's address cannot be used/);
      }
      assert.notEqual(report.outcome, SHA256);
      assert.deepEqual(await clientsIn(log), []);
    },
  );
}

peerTest("tinyproxy, http: the option proxy", ["nginx", "tinyproxy"], async (folder, keep) => {
  const { port } = await keep(startNginx(folder));
  const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
  const address = `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`;
  const report = await client(`http://127.0.0.1:${port}/app`, folder, {}, { proxy: address });
  assert.equal(report.outcome, SHA256, report.message);
  assert.match(await readFile(proxy.log, "utf8"), /GET http:\/\//);
});

const exceptionCases: [name: string, value: (port: number) => string, asked: boolean][] = [
  ["NO_PROXY", () => "127.0.0.1", false],
  ["no_proxy", () => "*", false],
  ["NO_PROXY", (port) => `127.0.0.1:${port}`, false],
  ["NO_PROXY", (port) => `127.0.0.1:${port - 1}`, true],
];
for (const [name, value, asked] of exceptionCases) {
  const title = `tinyproxy, https: the option proxy with ${name}=${value(2)} for a server at port 2 (T17)`;
  peerTest(title, ["nginx", "tinyproxy", "openssl"], async (folder, keep) => {
    const certificate = await makeCertificate(folder);
    const { port, log } = await keep(startNginx(folder, certificate));
    const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
    const address = `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`;
    // The environment has a proxy too, which does not let anybody through: an exception is one for both.
    const env = { [name]: value(port), HTTPS_PROXY: `http://${USER}:canary-x@127.0.0.1:${proxy.port}` };
    const options = { proxy: address, caFile: certificate.ca };
    const report = await client(`https://127.0.0.1:${port}/app`, folder, env, options);
    assert.equal(report.outcome, SHA256, report.message);
    assert.deepEqual(await clientsIn(log), [asked ? "127.0.0.2" : "127.0.0.1"]);
  });
}

peerTest(
  "HTTPS_PROXY is left aside for what NO_PROXY names (T17)",
  ["nginx", "openssl"],
  async (folder, keep) => {
    const certificate = await makeCertificate(folder);
    const { port, log } = await keep(startNginx(folder, certificate));
    const env = {
      HTTPS_PROXY: "http://127.0.0.1:1",
      NO_PROXY: `127.0.0.1:${port}`,
      SSL_CERT_FILE: certificate.ca,
    };
    const report = await client(`https://127.0.0.1:${port}/app`, folder, env);
    assert.equal(report.outcome, SHA256, report.message);
    assert.deepEqual(await clientsIn(log), ["127.0.0.1"]);
  },
);

peerTest(
  "a CONNECT proxy that wants another password says so",
  ["nginx", "tinyproxy", "openssl"],
  async (folder, keep) => {
    const certificate = await makeCertificate(folder);
    const { port } = await keep(startNginx(folder, certificate));
    const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
    const report = await client(`https://127.0.0.1:${port}/app`, folder, {
      HTTPS_PROXY: `http://${USER}:canary-wrong@127.0.0.1:${proxy.port}`,
    });
    assert.equal(report.outcome, "NETWORK");
    assert.match(report.message ?? "", /the proxy/);
  },
);
