import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { client, clientsIn } from "../support/client_process.ts";
import { PASSWORD, peerTest, SHA256, USER } from "../support/peer_case.ts";
import { makeCertificate, startNginx, startTinyproxy } from "../support/peers.ts";

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
