/** Corporate networks: an authority of one's own and a proxy, with real TLS on loopback. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fetchThrough } from "../../src/cli/console_fetch.ts";
import { openConsole } from "../../src/cli/console.ts";
import { ConfigError } from "../../src/config/config_error.ts";

const HOST = "releases.invalid";

/** A company's network: its own authority, a server that it has certified, a proxy, and what the proxy was asked. */
interface Company {
  readonly caFile: string;
  readonly server: Server;
  readonly proxy: Server;
  readonly requests: readonly string[];
}

async function inCompany(action: (company: Company) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cco-tls-"));
  await makeCertificate(folder);
  const [key, cert] = [await readFile(join(folder, "key.pem")), await readFile(join(folder, "cert.pem"))];
  const server = createTlsServer({ key, cert }, (_, response) => response.end("hello"));
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  // Sends every name to the server above: only a proxy can resolve a name that nobody has.
  const proxy = createServer((client) => {
    sockets.add(client);
    client.once("data", (bytes: Uint8Array) => {
      requests.push(new TextDecoder().decode(bytes).split("\r\n")[0]!);
      const upstream = connect(portOf(server), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        client.pipe(upstream).pipe(client);
      });
      sockets.add(upstream);
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
    });
  });
  for (const each of [server, proxy]) {
    await new Promise<void>((resolve) => void each.listen(0, "127.0.0.1", resolve));
  }
  try {
    await action({ caFile: join(folder, "ca.pem"), server, proxy, requests });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    await Promise.all([server, proxy].map((each) => new Promise((resolve) => void each.close(resolve))));
    await rm(folder, { recursive: true });
  }
}

function portOf(each: Server): number {
  return (each.address() as AddressInfo).port;
}

/** An authority of the company's own, and a certificate that it has signed. */
async function makeCertificate(folder: string): Promise<void> {
  const openssl = (command: string) => promisify(execFile)("openssl", command.split(" "), { cwd: folder });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  await openssl(`req -x509 ${key} -days 2 -subj /CN=Test -keyout ca-key.pem -out ca.pem`);
  await openssl(`req -new ${key} -subj /CN=${HOST} -keyout key.pem -out request.pem`);
  await writeFile(join(folder, "extensions"), `subjectAltName=DNS:${HOST},DNS:localhost\n`);
  await openssl(
    "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extensions -out cert.pem",
  );
}

test("updates.ca_file makes a company's own authority known; without it the server is refused", async () => {
  await inCompany(async ({ caFile, server }) => {
    const url = `https://localhost:${portOf(server)}/`;
    await assert.rejects(fetch(url), TypeError);
    const through = await fetchThrough({ proxy: undefined, caFile });
    assert.equal(await (await through(url, {})).text(), "hello");
  });
});

test("updates.proxy resolves the names that this machine does not know", async () => {
  await inCompany(async ({ caFile, proxy, requests }) => {
    const through = await fetchThrough({ proxy: `http://127.0.0.1:${portOf(proxy)}`, caFile });
    assert.equal(await (await through(`https://${HOST}/manifest.json`, {})).text(), "hello");
    assert.deepEqual(requests, [`CONNECT ${HOST}:443 HTTP/1.1`]);
  });
});

test("a file that holds no certificate is a settings error that names it", async () => {
  const path = fileURLToPath(import.meta.url);
  for (
    const [caFile, message] of [[path, /has none in PEM/], [`${path}.none`, /No such file/]] as const
  ) {
    await assert.rejects(fetchThrough({ proxy: undefined, caFile }), (error) => {
      assert(error instanceof ConfigError && error.message.includes(caFile));
      assert.match(error.message, message);
      return true;
    });
  }
});

test("the console knows its streams, its folder and its home", async () => {
  const terminal = openConsole();
  assert.equal(terminal.cwd(), Deno.cwd());
  assert.equal(await terminal.home(), Deno.env.get("HOME"));
  assert(terminal.columns() > 0);
  assert.equal(terminal.isTerminal("stdout"), Deno.stdout.isTerminal());
  assert.equal(await terminal.run("sh", ["-c", "exit 7"]), 7);
});
