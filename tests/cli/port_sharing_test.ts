/** Two services on one port: who gets the connections, and who may listen there at all. */

import assert from "node:assert/strict";
import { createServer, get } from "node:http";
import { test } from "node:test";
import { portSharing } from "../../src/cli/console_port.ts";
import { initialState, type ServiceState } from "../../src/service/health.ts";
import { type HealthServer, serveHealth } from "../../src/service/http_server.ts";

const HOST = "127.0.0.1";
const sharing = portSharing();
const skip = sharing === undefined && "only Linux decides which of two processes gets a connection";

function stateOf(version: string): ServiceState {
  const state = initialState({ version, pid: 77, startedAt: 0, lastCheck: undefined });
  state.phase = "running";
  return state;
}

function serve(version: string, port: number, joins = false): Promise<HealthServer> {
  return serveHealth({ host: HOST, port }, stateOf(version), () => 0, { sharing, joins });
}

/** The version that answers on a new connection. */
function versionAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: HOST, port, path: "/health", agent: false }, async (response) => {
      let body = "";
      for await (const text of response.setEncoding("utf8")) body += text;
      resolve(JSON.parse(body).version);
    }).on("error", reject);
  });
}

async function versionsAt(port: number): Promise<string[]> {
  return [...new Set(await Promise.all(Array.from({ length: 64 }, () => versionAt(port))))];
}

test("connections go to the newcomer, and back to the incumbent when it is gone", { skip }, async () => {
  const old = await serve("1.0.0", 0);
  const { port } = old;
  assert.equal(old.isShared, true);
  assert.deepEqual(await versionsAt(port), ["1.0.0"]);
  for (const version of ["2.0.0", "3.0.0"]) {
    const young = await serve(version, port, true);
    assert.deepEqual(await versionsAt(port), [version]);
    await young.close();
    assert.deepEqual(await versionsAt(port), ["1.0.0"]);
  }
  await old.close();
});

test("the incumbent leaves, and the next newcomer finds the same order", { skip }, async () => {
  const first = await serve("1.0.0", 0);
  const { port } = first;
  const second = await serve("2.0.0", port, true);
  await first.close("newcomer");
  assert.deepEqual(await versionsAt(port), ["2.0.0"]);
  const third = await serve("3.0.0", port, true);
  assert.deepEqual(await versionsAt(port), ["3.0.0"]);
  second.resume();
  assert.deepEqual(await versionsAt(port), ["2.0.0"]);
  await third.close("incumbent");
  await second.close();
  // A process that another test forks in this moment holds the socket until it becomes its program, and resets.
  await assert.rejects(versionAt(port), (error: NodeJS.ErrnoException) => {
    assert.match(error.code ?? "", /^ECONN(?:REFUSED|RESET)$/);
    return true;
  });
});

test("a port is in use when another program listens there, whether it shares the port or not (T34)", async () => {
  for (const reusePort of [false, true]) {
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen({ host: HOST, port: 0, reusePort }, resolve));
    const address = other.address();
    assert(typeof address === "object" && address !== null);
    await assert.rejects(serve("1.0.0", address.port), { code: "EADDRINUSE" });
    await new Promise((resolve) => void other.close(resolve));
    await (await serve("1.0.0", address.port)).close();
  }
});

test("of services on one port that do not follow each other one listens (T34)", async () => {
  const first = await serve("1.0.0", 0);
  const others = await Promise.allSettled(Array.from({ length: 8 }, () => serve("2.0.0", first.port)));
  assert(others.every(({ status }) => status === "rejected"));
  assert.deepEqual(await versionsAt(first.port), ["1.0.0"]);
  await first.close();
});
