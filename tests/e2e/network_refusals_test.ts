/** The compiled `cco` where a server, a proxy or an authority is not as it should be. */

import assert from "node:assert/strict";
import { type Company, companyFor, installed, PASSWORD, peersTest } from "../support/deno/company.ts";
import { OLD } from "../support/deno/published.ts";

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
