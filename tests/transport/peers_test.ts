import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { download } from "../../src/resume.ts";
import { fetchBytes } from "../../src/http.ts";
import { systemRuntime } from "../../src/runtime/default.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder } from "../support/server_test.ts";
import { makeCertificate, missing, type Peer, startNginx, startTinyproxy } from "./support/peers.ts";

const CONTENT = randomBytes(5_000_000);
const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
const USER = "updater";
const PASSWORD = "canary-password";

/** Registers a test with real servers, which are ended afterwards; it is skipped where one is not installed. */
function peerTest(
  title: string,
  programs: string[],
  body: (folder: string, keep: <P extends Peer>(peer: Promise<P>) => Promise<P>) => Promise<void>,
): void {
  const skip = missing(...programs);
  if (skip) console.log(`skipped: ${title}: ${skip}`);
  test(title, { skip }, async () => {
    await inTemporaryFolder(async (folder) => {
      const peers: Peer[] = [];
      await mkdir(join(folder, "www", "private"), { recursive: true });
      await writeFile(join(folder, "www", "app"), CONTENT);
      await writeFile(join(folder, "www", "private", "app"), CONTENT);
      try {
        await body(folder, async (starting) => {
          const peer = await starting;
          peers.push(peer);
          return peer;
        });
      } finally {
        for (const peer of peers) await peer.stop();
      }
    });
  });
}

peerTest("nginx: a part is continued with Range and If-Range", ["nginx"], async (folder, keep) => {
  const { port } = await keep(startNginx(folder));
  const runtime = systemRuntime();
  const urls = [`http://127.0.0.1:${port}/app`];
  const path = join(folder, "part");
  const request = { urls, path, size: CONTENT.length, sha256: SHA256, maxBytes: 1e9 };
  const controller = new AbortController();
  const onProgress = (bytes: number): void => void (bytes > 100_000 && controller.abort("enough"));
  await assert.rejects(download(runtime, request, { signal: controller.signal, onProgress }));
  const { length } = await readFile(path);
  assert(length > 100_000 && length < CONTENT.length);
  const done = await download(runtime, request);
  assert.deepEqual([done.sha256, done.transferredBytes], [SHA256, CONTENT.length - length]);
});

peerTest("nginx: a changed file is fetched anew", ["nginx"], async (folder, keep) => {
  const { port } = await keep(startNginx(folder));
  const url = `http://127.0.0.1:${port}/app`;
  const path = join(folder, "part");
  await writeFile(path, randomBytes(100_000));
  await writeFile(`${path}.json`, JSON.stringify({ etags: { [url]: '"old"' } }));
  const request = { urls: [url], path, size: CONTENT.length, sha256: SHA256, maxBytes: 1e9 };
  const done = await download(systemRuntime(), request);
  assert.deepEqual([done.sha256, done.transferredBytes], [SHA256, CONTENT.length]);
});

peerTest(
  "nginx: nothing comes compressed unless it insists, a pause and a missing token are told (T6)",
  ["nginx"],
  async (folder, keep) => {
    const { port } = await keep(startNginx(folder));
    const origin = `http://127.0.0.1:${port}`;
    await writeFile(join(folder, "www", "manifest.json"), "x".repeat(10_000));
    const runtime = systemRuntime();
    const options = { maxBytes: 1e7, what: "manifest" };
    const { bytes, headers } = await fetchBytes(runtime, `${origin}/manifest.json`, options);
    assert.deepEqual([bytes.length, headers.get("content-encoding")], [10_000, null]);
    await writeFile(join(folder, "www", "manifest.json.gz"), gzipSync("y".repeat(20_000)));
    const unasked = await fetchBytes(runtime, `${origin}/manifest.json`, options);
    assert.equal(new TextDecoder().decode(unasked.bytes), "y".repeat(20_000));
    await failsWith(
      fetchBytes(runtime, `${origin}/manifest.json`, { ...options, maxBytes: 19_999 }),
      "TOO_LARGE",
    );
    await failsWith(fetchBytes(runtime, `${origin}/busy/`, options), "RATE_LIMITED");
    await failsWith(fetchBytes(runtime, `${origin}/private/app`, options), "HTTP_STATUS", { status: 401 });
    const token = [{ origin, value: "Bearer canary-token" }];
    assert.equal(
      (await fetchBytes(runtime, `${origin}/private/app`, { ...options, token })).bytes.length,
      CONTENT.length,
    );
  },
);

/** What a client in a process of its own says. */
interface Report {
  readonly outcome: string;
  readonly message?: string;
}

async function client(
  url: string,
  folder: string,
  env: Record<string, string>,
  network?: object,
): Promise<Report> {
  const script = fileURLToPath(import.meta.url).replace(/peers_test(\.test)?\.(\w+)$/, "support/client.$2");
  const run = "Deno" in globalThis ? ["run", "--allow-all", "--no-check", "--quiet"] : [];
  const target = await mkdtemp(join(folder, "client-"));
  const args = [...run, script, url, target, network ? JSON.stringify(network) : ""];
  const inherited = Object.entries(process.env).filter(([name]) =>
    !/proxy|ssl_cert|extra_ca|tls_ca/i.test(name)
  );
  const output = await new Promise<string>((resolve, reject) => {
    const options = { env: { ...Object.fromEntries(inherited), ...env } };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
  });
  for (
    const secret of [
      "canary",
      encodeURIComponent(PASSWORD),
      Buffer.from(`${USER}:${PASSWORD}`).toString("base64"),
    ]
  ) {
    assert(!output.includes(secret), `a secret is in the output: ${output}`);
  }
  return JSON.parse(output.split("\n").find((line) => line.startsWith("{")) ?? "{}");
}

/** Who asked: the first word of each line of nginx's log. */
async function clientsIn(log: string): Promise<string[]> {
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(" ")[0] ?? "");
}

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
  "updates.ca_file and the machine's own authorities count together",
  ["nginx", "openssl"],
  async (folder, keep) => {
    const [own, other] = await Promise.all(["own", "other"].map(async (name) => {
      await mkdir(join(folder, name));
      return await makeCertificate(join(folder, name));
    }));
    assert(own && other);
    const { port } = await keep(startNginx(folder, own));
    const report = await client(`https://127.0.0.1:${port}/app`, folder, { SSL_CERT_FILE: own.ca }, {
      caFile: other.ca,
    });
    assert.equal(report.outcome, SHA256, report.message);
  },
);

const authorityCases: [
  title: string,
  env: (ca: string) => Record<string, string>,
  byOption: boolean,
  works: boolean,
][] = [
  ["SSL_CERT_FILE", (ca) => ({ SSL_CERT_FILE: ca }), false, true],
  ["NODE_EXTRA_CA_CERTS", (ca) => ({ NODE_EXTRA_CA_CERTS: ca }), false, true],
  ["the option caFile", () => ({}), true, true],
  ["nothing, which is refused with what to do", () => ({}), false, false],
];
for (const way of ["directly", "through a CONNECT proxy with password"]) {
  for (const [title, env, byOption, works] of authorityCases) {
    const programs = ["nginx", "tinyproxy", "openssl"];
    peerTest(`https with a private authority ${way}: ${title}`, programs, async (folder, keep) => {
      const certificate = await makeCertificate(folder);
      const { port, log } = await keep(startNginx(folder, certificate));
      const proxy = await keep(startTinyproxy(folder, USER, PASSWORD));
      const variables = {
        ...env(certificate.ca),
        ...(way === "directly" ? {} : { HTTPS_PROXY: `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}` }),
      };
      const options = byOption ? { caFile: certificate.ca } : undefined;
      const report = await client(`https://127.0.0.1:${port}/app`, folder, variables, options);
      assert.equal(report.outcome, works ? SHA256 : "NETWORK", report.message);
      if (!works) assert.match(report.message ?? "", /an authority this program does not know/);
      const direct = way === "directly";
      assert.equal((await readFile(proxy.log, "utf8")).includes("CONNECT 127.0.0.1:"), !direct);
      assert.deepEqual(await clientsIn(log), works ? [direct ? "127.0.0.1" : "127.0.0.2"] : []);
    });
  }
}

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
