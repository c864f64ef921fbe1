/** What is sent about results, and that nothing is sent unless somebody has asked for it. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { readFile } from "node:fs/promises";
import { test, type TestContext } from "node:test";
import type { Fetch } from "../../machine.ts";
import { scriptOf, TestWorld } from "./world.ts";

/** A server that reports are sent to. */
interface Collector {
  readonly address: string;
  /** Connections of any kind. */
  readonly connections: () => number;
  readonly received: { readonly request: IncomingMessage; readonly body: string }[];
}

async function collector(t: TestContext, answer: number | "silence" = 204): Promise<Collector> {
  const received: Collector["received"][number][] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    received.push({ request, body });
    if (answer !== "silence") response.writeHead(answer, { location: "/elsewhere" }).end();
  });
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(resolve));
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/results?key=s3cret`;
  return { address, connections: () => connections, received };
}

/** Every address that is asked, with the method. */
function watched(world: TestWorld): string[] {
  const asked: string[] = [];
  const { fetch } = world.runtime;
  const watching: Fetch = (url, init) => {
    asked.push(`${init.method ?? "GET"} ${url}`);
    return fetch(url, init);
  };
  world.runtime = { ...world.runtime, fetch: watching };
  return asked;
}

/** Everything that has a result: an update, the way back, and three failures. */
async function everything(world: TestWorld): Promise<void> {
  await world.publish([{ version: "2025.11.2", asset: { sha256: "0".repeat(64) } }]);
  assert.equal((await world.run("update --yes")).code, 5);
  await world.publish([{ version: "2025.11.2" }]);
  assert.equal((await world.run("update --check")).code, 0);
  assert.equal((await world.run("update --yes")).code, 0);
  world.build = { ...world.build, version: "2025.11.2" };
  assert.equal((await world.run("version")).code, 0);
  assert.equal((await world.run("rollback")).code, 0);
  assert.equal((await world.run("rollback")).code, 5);
}

const RESULTS = [
  ["2025.11.2", "DIGEST_MISMATCH"],
  ["2025.11.2", "updated"],
  ["2025.11.1", "rollback"],
  ["unknown", "NO_BACKUP"],
];

for (
  const [what, config] of [
    ["off", (address: string) => `[telemetry]\nenabled = false\naddress = "${address}"\n`],
    ["not set, though there is an address", (address: string) => `[telemetry]\naddress = "${address}"\n`],
    ["on without an address", () => "[telemetry]\nenabled = true\n"],
    ["not mentioned", () => ""],
  ] as const
) {
  test(`nothing whatsoever is sent when telemetry is ${what}`, async (t) => {
    await using world = await TestWorld.make();
    const { address, connections } = await collector(t);
    await world.writeConfig(config(address));
    const asked = watched(world);
    await everything(world);
    assert.equal(connections(), 0);
    assert(asked.length > 0);
    const others = asked.filter((line) => !line.startsWith(`GET ${world.address}/`));
    assert.deepEqual(others, []);
  });
}

test("one request for each result, and nothing in it but what is documented", async (t) => {
  await using world = await TestWorld.make();
  const { address, received } = await collector(t);
  await world.writeConfig(`[telemetry]\nenabled = true\naddress = "${address}"\n`);
  await everything(world);
  assert.deepEqual(
    received.map(({ body }) => JSON.parse(body)),
    RESULTS.map(([version, result]) => ({ product: "cco", version, platform: "linux-x86_64", result })),
  );
  for (const { request } of received) {
    assert.equal(`${request.method} ${request.url}`, "POST /results?key=s3cret");
    const allowed = [
      "accept",
      "accept-encoding",
      "accept-language",
      "connection",
      "content-length",
      "content-type",
      "host",
      "user-agent",
    ];
    assert.deepEqual(Object.keys(request.headers).filter((name) => !allowed.includes(name)), []);
    assert.equal(request.headers["user-agent"], "cco");
  }
});

test("a policy that switches telemetry off cannot be overridden", async (t) => {
  await using world = await TestWorld.make();
  const { address, connections } = await collector(t);
  await world.writeConfig(`[telemetry]\nenabled = true\naddress = "${address}"\n`);
  await Deno.writeTextFile(world.policyFile, "[telemetry]\nenabled = false\n", { mode: 0o600 });
  world.env["CCO_TELEMETRY_ENABLED"] = "true";
  await everything(world);
  assert.equal(connections(), 0);
});

for (const answer of [500, 307, "silence"] as const) {
  test(`an update does not care that telemetry is answered with ${answer}`, async (t) => {
    await using world = await TestWorld.make();
    const { address, received } = await collector(t, answer);
    await world.writeConfig(`[telemetry]\nenabled = true\naddress = "${address}"\n`);
    await world.publish([{ version: "2025.11.2" }]);
    const { code, stdout, stderr } = await world.run("update --yes --verbose");
    assert.equal(code, 0, stderr);
    assert(stdout.includes("✅ Successfully updated to v2025.11.2"), stdout);
    assert.equal(await readFile(world.executable, "utf8"), scriptOf("2025.11.2"));
    assert.equal(received.length, 1);
    assert(!stderr.includes("s3cret"), stderr);
  });
}

test("the answer is there before telemetry has been answered", async (t) => {
  await using world = await TestWorld.make();
  const { address } = await collector(t);
  await world.writeConfig(`[telemetry]\nenabled = true\naddress = "${address}"\n`);
  await world.publish([{ version: "2025.11.2" }]);
  const { fetch } = world.runtime;
  let atFetch: string | undefined;
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  world.runtime = {
    ...world.runtime,
    fetch: async (url, init) => {
      if (url === address) await held;
      return await fetch(url, init);
    },
  };
  const running = world.run("update --yes");
  // What is on the disk says how far it is: the update is in place while the report is still held back.
  const end = Date.now() + 60_000;
  while (atFetch !== scriptOf("2025.11.2") && Date.now() < end) {
    atFetch = await readFile(world.executable, "utf8");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  release();
  assert.equal((await running).code, 0);
  assert.equal(atFetch, scriptOf("2025.11.2"));
});

test("an address that others could read along, or that has a password in it, is no address", async () => {
  await using world = await TestWorld.make();
  for (
    const address of [
      "http://example.com/",
      "ftp://example.com/",
      "https://ann:pw@example.com/",
      "github:a/b",
      "file:///tmp/x",
      "results",
    ]
  ) {
    const { code, stderr } = await world.run("config", "set", "telemetry.address", address);
    assert.equal(code, 3, address);
    assert.match(stderr, /^Invalid address: /);
  }
  assert.equal((await world.run("config set telemetry.address https://example.com/results")).code, 0);
});

test("telemetry takes the way that updates take: proxy and certificates of the settings", async (t) => {
  await using world = await TestWorld.make();
  const { address, received } = await collector(t);
  await world.writeConfig(
    `[telemetry]\nenabled = true\naddress = "${address}"\n[updates]\nproxy = "http://127.0.0.1:9/"\n`,
  );
  await world.publish([{ version: "2025.11.2" }]);
  const { fetch } = world.runtime;
  const asked = watched(world);
  const throughProxy: string[] = [];
  world.through = ({ proxy }) =>
    Promise.resolve((url, init) => {
      throughProxy.push(`${proxy} ${init.method ?? "GET"} ${url}`);
      return fetch(url, init);
    });
  assert.equal((await world.run("update --yes")).code, 0);
  assert.equal(received.length, 1);
  assert(throughProxy.includes(`http://127.0.0.1:9/ POST ${address}`), throughProxy.join("\n"));
  assert(!asked.includes(`POST ${address}`));
});
