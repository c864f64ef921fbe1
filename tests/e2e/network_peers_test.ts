/** The compiled `cco` and real servers on this machine: nginx, a proxy with a password, a company's own authority. */

import assert from "node:assert/strict";
import { type Company, companyFor, installed, logOf, peersTest } from "../support/deno/company.ts";
import { NEW } from "../support/deno/published.ts";
import { storeReason } from "../support/deno/system_store.ts";

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
