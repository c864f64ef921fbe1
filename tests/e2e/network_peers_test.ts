/** The compiled `cco` and real servers on this machine: nginx, a proxy with a password, a company's own authority. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { fileDigest } from "../../scripts/build_cache.ts";
import { Home, type Output } from "../../scripts/demo/home.ts";
import { noSecretsIn, noSecretsUnder } from "../support/deno/secrets.ts";
import { NEW, OLD } from "../support/deno/published.ts";
import { type PublishedFolder, publishInto } from "../support/deno/www.ts";
import {
  type Certificate,
  makeCertificate,
  missing,
  type Peer,
  startNginx,
  startTinyproxy,
} from "../transport/support/peers.ts";

const USER = "updater";
const PASSWORD = "canary-password";
const SYSTEM_STORE = "/etc/ssl/certs/ca-certificates.crt";

/** A release behind nginx, a proxy beside it, and a home that has the older version. */
interface Company extends PublishedFolder {
  readonly folder: string;
  readonly nginx: Peer;
  readonly proxy: Peer;
  /** The proxy's address, with user and password. */
  readonly proxyAddress: string;
  readonly certificate: Certificate;
  /** The address of the manifest. */
  readonly source: string;
}

/** What the environment of `cco` says about the network. */
interface Row {
  readonly title: string;
  readonly tls: boolean;
  readonly env: (company: Company) => Record<string, string>;
  /** Whether the server is asked through the proxy. */
  readonly proxied: boolean;
  /** Whether the authority lies where the system keeps its own. */
  readonly inStore?: true;
}

const rows: readonly Row[] = [
  { title: "http, directly", tls: false, env: () => ({}), proxied: false },
  {
    title: "http, HTTP_PROXY",
    tls: false,
    env: ({ proxyAddress }) => ({ HTTP_PROXY: proxyAddress }),
    proxied: true,
  },
  {
    title: "http, updates.proxy",
    tls: false,
    env: ({ proxyAddress }) => ({ CCO_UPDATES_PROXY: proxyAddress }),
    proxied: true,
  },
  {
    title: "http, updates.proxy and NO_PROXY with the server's port",
    tls: false,
    env: ({ proxyAddress, nginx }) => ({
      CCO_UPDATES_PROXY: proxyAddress,
      NO_PROXY: `one.example,127.0.0.1:${nginx.port}`,
    }),
    proxied: false,
  },
  {
    title: "https, SSL_CERT_FILE",
    tls: true,
    env: ({ certificate }) => ({ SSL_CERT_FILE: certificate.ca }),
    proxied: false,
  },
  {
    title: "https, updates.ca_file",
    tls: true,
    env: ({ certificate }) => ({ CCO_UPDATES_CA_FILE: certificate.ca }),
    proxied: false,
  },
  { title: "https, the system's store", tls: true, env: () => ({}), proxied: false, inStore: true },
  {
    title: "https, HTTPS_PROXY and SSL_CERT_FILE",
    tls: true,
    env: ({ certificate, proxyAddress }) => ({ HTTPS_PROXY: proxyAddress, SSL_CERT_FILE: certificate.ca }),
    proxied: true,
  },
  {
    title: "https, https_proxy and NODE_EXTRA_CA_CERTS",
    tls: true,
    env: ({ certificate, proxyAddress }) => ({
      https_proxy: proxyAddress,
      NODE_EXTRA_CA_CERTS: certificate.ca,
    }),
    proxied: true,
  },
  {
    title: "https, updates.proxy and updates.ca_file",
    tls: true,
    env: ({ certificate, proxyAddress }) => ({
      CCO_UPDATES_PROXY: proxyAddress,
      CCO_UPDATES_CA_FILE: certificate.ca,
    }),
    proxied: true,
  },
  {
    title: "https, updates.proxy and the system's store",
    tls: true,
    env: ({ proxyAddress }) => ({ CCO_UPDATES_PROXY: proxyAddress }),
    proxied: true,
    inStore: true,
  },
];

for (const { title, tls, env, proxied, inStore = false } of rows) {
  peersTest(`a compiled cco updates itself: ${title}`, inStore ? storeReason() : false, async (t) => {
    const company = await companyFor(t, tls);
    const run = await installed(t, company, env(company), { inStore });

    const check = await run("update", "--check");
    assert.equal(check.code, 0, check.stderr);
    assert.match(check.stdout, new RegExp(`New version available: v${NEW}`));
    const update = await run("update", "--yes");
    assert.equal(update.code, 0, update.stdout + update.stderr);
    assert.equal((await run("--version")).stdout, `cco ${NEW}\n`);

    const from = new Set((await logOf(company.nginx)).map(({ client }) => client));
    assert.deepEqual([...from], [proxied ? "127.0.0.2" : "127.0.0.1"]);
  });
}

peersTest("a compiled cco continues a download from nginx with Range", false, async (t) => {
  const company = await companyFor(t, false);
  const run = await installed(t, company, {});
  const { sha256, size, path } = company.archive;
  const half = Math.floor(size / 2);
  const downloads = join(run.home.folder, ".local", "state", "cco", "downloads");
  await Deno.mkdir(downloads, { recursive: true });
  await Deno.writeFile(join(downloads, `${sha256}.part`), (await Deno.readFile(path)).subarray(0, half));

  const { code, stderr } = await run("update", "--yes");
  assert.equal(code, 0, stderr);
  const answers = (await logOf(company.nginx)).filter(({ path }) => path.endsWith(".tar.gz"));
  assert.deepEqual(answers.map(({ status, bytes }) => [status, bytes]), [[206, size - half]]);
});

peersTest(
  "a second cco is answered 304 for what has not changed, and verifies it again (T18)",
  false,
  async (t) => {
    const company = await companyFor(t, false);
    const run = await installed(t, company, {});
    const first = await run("update", "--check");
    const second = await run("update", "--check");
    assert.deepEqual([first.code, second.code], [0, 0], second.stderr);
    assert.equal(second.stdout, first.stdout);
    const answers = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(answers.map(({ status }) => status), [200, 304]);

    // What was kept is as untrusted as what comes off the wire, and does not keep updates away when it is wrong.
    const cache = join(run.home.folder, ".local", "state", "cco", "cache");
    for await (const { name } of Deno.readDir(cache)) await tamper(join(cache, name));
    const third = await run("update", "--check");
    assert.equal(third.code, 0, third.stderr);
    assert.equal(third.stdout, first.stdout);
    const all = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(all.map(({ status }) => status), [200, 304, 304, 200]);
  },
);

/** Writes another version into a kept document, with the digest that it then has. */
async function tamper(path: string): Promise<void> {
  const [head = "", ...rest] = (await Deno.readTextFile(path)).split("\n");
  const body = rest.join("\n").replaceAll(NEW, "2025.99.9");
  const digest = createHash("sha256").update(body).digest("hex");
  await Deno.writeTextFile(path, `${head.split(" ")[0]} ${digest}\n${body}`);
}

peersTest(
  "a compiled cco asks nginx for nothing compressed, and reads what comes so all the same",
  false,
  async (t) => {
    const company = await companyFor(t, false);
    const run = await installed(t, company, {});
    const plain = await run("update", "--check");
    assert.equal(plain.code, 0, plain.stderr);
    const manifest = join(company.folder, "www", "version-manifest.json");
    const before = (await Deno.stat(manifest)).size;
    const asked = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(asked.map(({ status, bytes }) => [status, bytes]), [[200, before]]);

    const other = await installed(t, company, {});
    const compressed = gzipSync(await Deno.readFile(manifest));
    await Deno.writeFile(`${manifest}.gz`, compressed);
    const update = await other("update", "--yes");
    assert.equal(update.code, 0, update.stderr);
    assert.equal((await other("--version")).stdout, `cco ${NEW}\n`);
    const all = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(all.at(-1), { ...all.at(-1), status: 200, bytes: compressed.length });
  },
);

peersTest("a pause that a server asked for is kept by the next cco, which asks nobody", false, async (t) => {
  const company = await companyFor(t, false);
  const busy = company.source.replace("/version-manifest", "/busy/version-manifest");
  const run = await installed(t, company, { CCO_UPDATES_SOURCES: busy });
  for (const asked of [1, 1]) {
    const { code, stderr } = await run("update", "--check");
    assert.equal(code, 4, stderr);
    assert.match(stderr, /asks for a pause; try again after 20/);
    assert.equal(
      (await logOf(company.nginx)).filter(({ path }) => path === new URL(busy).pathname).length,
      asked,
    );
  }
});

interface Refusal {
  readonly title: string;
  readonly tls: boolean;
  readonly env: (company: Company) => Record<string, string>;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    title: "an authority that nobody has named",
    tls: true,
    env: () => ({}),
    message: /an authority this program does not know/,
  },
  {
    title: "a wrong password for the proxy, https",
    tls: true,
    env: ({ certificate, proxyAddress }) => ({
      CCO_UPDATES_PROXY: proxyAddress.replace(PASSWORD, "canary-wrong"),
      CCO_UPDATES_CA_FILE: certificate.ca,
    }),
    message: /the proxy/,
  },
  {
    title: "a wrong password for the proxy, http",
    tls: false,
    env: ({ proxyAddress }) => ({ HTTP_PROXY: proxyAddress.replace(PASSWORD, "canary-wrong") }),
    message: /answered 401|answered 407|the proxy/,
  },
  {
    title: "a server that wants a token",
    tls: false,
    env: ({ nginx }) => ({
      CCO_UPDATES_SOURCES: `http://127.0.0.1:${nginx.port}/private/version-manifest.json?key=canary-query`,
    }),
    message: /the server answered 401; a token is needed/,
  },
  {
    title: "a password in the source's address",
    tls: false,
    env: ({ nginx }) => ({
      CCO_UPDATES_SOURCES: `http://updater:canary-user@127.0.0.1:${nginx.port}/version-manifest.json`,
    }),
    message: /Invalid source: http:\/\/\*{3}@127/,
  },
];
for (const { title, tls, env, message } of refusals) {
  peersTest(`a compiled cco says what is wrong: ${title} (T32)`, false, async (t) => {
    const company = await companyFor(t, tls);
    const run = await installed(t, company, env(company));
    const { code, stderr } = await run("update", "--yes", "--verbose");
    assert.notEqual(code, 0);
    assert.match(stderr, message);
    assert.equal((await run("--version")).stdout, `cco ${OLD}\n`);
  });
}

function peersTest(title: string, reason: string | false, body: (t: TestContext) => Promise<void>): void {
  const skip = reason || missing("nginx", "tinyproxy", "openssl");
  if (skip) console.log(`skipped: ${title}: ${skip}`);
  test(title, { skip }, (t) => body(t as TestContext));
}

/** The store is exchanged in a mount namespace of its own: nobody else sees it. */
function storeReason(): string | false {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return "only root on Linux can put another store in its place";
  }
  const script = `mount --bind ${SYSTEM_STORE} ${SYSTEM_STORE}`;
  try {
    const { success } = new Deno.Command("unshare", { args: ["-m", "sh", "-c", script], stderr: "null" })
      .outputSync();
    return success ? false : `nothing can be mounted over ${SYSTEM_STORE} here`;
  } catch {
    return "the program unshare is not installed";
  }
}

async function companyFor(t: TestContext, tls: boolean): Promise<Company> {
  const folder = await Deno.makeTempDir({ prefix: "cco-company-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const www = join(folder, "www");
  await Deno.mkdir(www);
  const release = await publishInto(www);
  const certificate = await makeCertificate(folder);
  const nginx = await startNginx(folder, tls ? certificate : undefined);
  t.after(() => nginx.stop());
  const proxy = await startTinyproxy(folder, USER, PASSWORD);
  t.after(() => proxy.stop());
  const proxyAddress = `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`;
  const source = `${tls ? "https" : "http"}://127.0.0.1:${nginx.port}/version-manifest.json`;
  return { ...release, folder, nginx, proxy, proxyAddress, certificate, source };
}

type Run = ((...args: string[]) => Promise<Output>) & { readonly home: Home };

/** Installs the older version; what it prints and leaves behind is searched for secrets after every run (T32). */
async function installed(
  t: TestContext,
  { source, old, certificate }: Company,
  env: Record<string, string>,
  { inStore = false }: { inStore?: boolean } = {},
): Promise<Run> {
  const home = await Home.make({ CCO_UPDATES_SOURCES: source, ...env });
  t.after(() => home[Symbol.asyncDispose]());
  await home.install(old.path);
  assert.equal(await fileDigest(home.executable), old.sha256);
  const run = async (...args: string[]): Promise<Output> => {
    const output = inStore ? await runWithStore(home, certificate.ca, args) : await home.run(...args);
    noSecretsIn(output.stdout + output.stderr, args.join(" "));
    await noSecretsUnder(home.folder, { except: [dirname(home.executable)] });
    return output;
  };
  return Object.assign(run, { home });
}

async function runWithStore(home: Home, ca: string, args: string[]): Promise<Output> {
  const script = `mount --bind "$0" ${SYSTEM_STORE} && exec "$@"`;
  const command = new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", script, ca, home.executable, ...args],
    env: home.env,
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

interface Line {
  readonly client: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

async function logOf({ log }: Peer): Promise<Line[]> {
  const lines = (await Deno.readTextFile(log)).split("\n");
  return lines.flatMap((line) => {
    const [, client, path, status, bytes] = /^(\S+) .*"GET (\S+) [^"]*" (\d+) (\d+)/.exec(line) ?? [];
    if (client === undefined || path === undefined) return [];
    return [{ client, path, status: Number(status), bytes: Number(bytes) }];
  });
}
