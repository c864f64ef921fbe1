/** Threats to the service, with real requests, processes and files: T31, T32 and T35. T33 is in http_server_test.ts. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { test, type TestContext } from "node:test";
import { askHealth } from "../../src/service/ask_health.ts";
import { startServiceProcess, until } from "./service_process.ts";
import { TestWorld } from "./world.ts";

const STATE = ".local/state/cco";
const DUE = { [`${STATE}/background.json`]: JSON.stringify({ next: 0, failures: 0, isWaiting: false }) };
const FORM =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[(?:DEBUG|INFO|WARN|ERROR)\] [^\p{Cc}\u2028\u2029\u202a-\u202e]+$/u;

/** A server that answers everything in one way; the headers of what it was asked. */
async function server(
  t: TestContext,
  answer: (response: ServerResponse) => void,
  connect: (request: IncomingMessage, socket: Duplex) => void = (_, socket) => void socket.destroy(),
): Promise<{ address: string; asked: Record<string, unknown>[] }> {
  const asked: Record<string, unknown>[] = [];
  const listening = createServer((request, response) => {
    asked.push({ url: request.url, ...request.headers });
    answer(response);
  });
  listening.on("connect", (request, socket) => {
    asked.push({ url: request.url, ...request.headers });
    socket.on("error", () => {});
    connect(request, socket);
  });
  await new Promise<void>((resolve) => void listening.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    listening.closeAllConnections();
    return new Promise((resolve) => void listening.close(resolve));
  });
  return { address: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, asked };
}

const FORGED =
  'x\n2025-11-17T14:32:15Z [INFO] Successfully updated to 6.6.6\r\n{"level":"info"}\u2028\x1b[2J\u202ey';
const HOSTILE: readonly (readonly [what: string, answer: (response: ServerResponse) => void])[] = [
  [
    "the name of a channel's version",
    (response) => response.end(JSON.stringify({ latest: { stable: FORGED }, versions: {} })),
  ],
  [
    "the name of a version",
    (response) => response.end(JSON.stringify({ latest: { stable: "9.9.9" }, versions: { [FORGED]: 1 } })),
  ],
  ["what is no JSON", (response) => response.end(FORGED)],
  [
    "the body of an error",
    (response) => response.writeHead(500, { "content-type": "text/plain" }).end(FORGED),
  ],
  [
    "a redirect",
    (response) => response.writeHead(302, { location: "http://evil.example/%0a[INFO]%20forged" }).end(),
  ],
];

for (const [what, answer] of HOSTILE) {
  test(`T31: a server forges no line of the service's log with ${what}`, async (t) => {
    const { address } = await server(t, answer);
    const { child, logged } = await startServiceProcess(t, {
      files: DUE,
      env: { CCO_UPDATES_ENABLED: "true", CCO_UPDATES_SOURCES: `${address}/version-manifest.json` },
    });
    await logged("[WARN] Could not check for updates");
    child.kill("SIGTERM");
    await child.status;
    const lines = (await logged("Service stopped")).trimEnd().split("\n");
    for (const line of lines) assert.match(line, FORM);
    assert.equal(lines.filter((line) => line.includes("[WARN]")).length, 1);
    assert(!lines.some((line) => /^\S+ \[INFO\] (?:Successfully|\{)/.test(line)), lines.join("\n"));
  });
}

test("T31: what web pages and scripts ask for is in no log", async (t) => {
  const { child, port, logged } = await startServiceProcess(t);
  for (const path of ["/%0a2025-11-17T14:32:15Z%20[INFO]%20forged", "/health?x=forged", "/forged"]) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { "x-forged": "forged", referer: "forged" },
    });
    await answer.body?.cancel();
  }
  child.kill("SIGTERM");
  await child.status;
  assert(!(await logged("Service stopped")).includes("forged"));
});

/** Every secret that a service can be given, each of its own text. */
const CANARIES = {
  GITHUB_TOKEN: "canary-token-9d1",
  proxyUser: "canary-user-7a2",
  proxyPassword: "canary-password-5b3",
  telemetryKey: "canary-telemetry-2c4",
};

for (
  const [what, refuse] of [
    ["refuses", (_: IncomingMessage, socket: Duplex) => void socket.end("HTTP/1.1 407 No\r\n\r\nno")],
    ["echoes what it was sent", ({ headers }: IncomingMessage, socket: Duplex) => {
      const text = JSON.stringify(headers);
      socket.end(`HTTP/1.1 502 ${text}\r\nx-echo: ${text}\r\n\r\n${text}`);
    }],
    ["breaks the connection", (_: IncomingMessage, socket: Duplex) => void socket.destroy()],
  ] as const
) {
  test(`T32: no secret of a service gets to log, state, health or screen when its proxy ${what}`, async (t) => {
    const { address, asked } = await server(t, (response) => void response.destroy(), refuse);
    const { host } = new URL(address);
    const config = `[updates]\nproxy = "http://${CANARIES.proxyUser}:${CANARIES.proxyPassword}@${host}"\n` +
      `sources = ["http://127.0.0.1:9/version-manifest.json", "https://releases.invalid/version-manifest.json", "github:a/b"]\n` +
      `[telemetry]\nenabled = true\naddress = "https://releases.invalid/?key=${CANARIES.telemetryKey}"\n`;
    const { child, home, port, logged, output } = await startServiceProcess(t, {
      files: { ...DUE, ".config/cco/config.toml": config },
      env: {
        CCO_UPDATES_ENABLED: "true",
        CCO_UPDATES_AUTO_INSTALL: "true",
        GITHUB_TOKEN: CANARIES.GITHUB_TOKEN,
      },
    });
    await logged("[WARN] Could not check for updates");
    const health = await askHealth({ host: "127.0.0.1", port });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    child.kill("SIGTERM");
    await child.status;
    // The proxy was asked, so that there was something to leak.
    assert(asked.some((headers) => headers["proxy-authorization"] !== undefined), JSON.stringify(asked));
    const texts = [JSON.stringify(health), metrics, await output(), ...await filesBelow(join(home, STATE))];
    assert(texts.length > 4);
    for (const [name, canary] of Object.entries(CANARIES)) {
      const coded = [
        canary,
        encodeURIComponent(canary),
        btoa(`${CANARIES.proxyUser}:${CANARIES.proxyPassword}`),
      ];
      for (const text of texts) assert(!coded.some((form) => text.includes(form)), `${name} in ${text}`);
    }
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1")));
}

/** Every file that a command or the service reads from the state folder. */
const FILES = [
  "state.json",
  "background.json",
  "service.json",
  "probation.json",
  "refused.json",
  "trust.json",
  "update.log.jsonl",
  "logs/cco.log",
];

/** A generator of chance that gives the same every time (a linear congruential one, Knuth's constants). */
function chance(seed: bigint): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number((state >> 33n) % BigInt(below));
  };
}

/** Content that nobody has written with good intent. */
function damaged(pick: (below: number) => number): Uint8Array | string {
  const number = [0, -1, 1e308, 253402300800000, 0.5, NaN][pick(6)];
  const kinds: (() => Uint8Array | string)[] = [
    () => Uint8Array.from({ length: pick(2000) }, () => pick(256)),
    () => "[".repeat(pick(20_000)),
    () => "{".repeat(pick(50)) + '"a":',
    () => JSON.stringify([null, true, "x", [], {}][pick(5)]),
    () => JSON.stringify({ next: number, failures: number, isWaiting: "perhaps", pid: number, port: number }),
    () =>
      JSON.stringify({
        last_check: "2999-01-01T00:00:00Z",
        found: { latest: "\x1b[2J", current: {}, channel: [] },
      }),
    () =>
      JSON.stringify({
        pid: 1,
        processStart: "x",
        version: "\n",
        host: "evil.example",
        port: 1,
        startedAt: 1,
      }),
    () => '{"__proto__":{"next":0},"constructor":1,"toString":null}',
    () => "x".repeat(1_100_000),
    () => "\ufeff\0\n\r\n\u2028".repeat(pick(100)),
  ];
  return kinds[pick(kinds.length)]!();
}

test("T35: 500 random state files stop no command, and nothing of them gets to the screen", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.1" }]);
  const folder = join(world.home, STATE);
  const commands = [
    "version",
    "daemon status",
    "daemon logs",
    "daemon logs --audit",
    "update --check",
    "config show",
  ];
  for (let seed = 1; seed <= 500; seed++) {
    const pick = chance(BigInt(seed));
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, "logs"), { recursive: true });
    const file = FILES[pick(FILES.length)]!;
    await writeFile(join(folder, file), damaged(pick), { mode: 0o600 });
    const command = commands[seed % commands.length]!;
    const { code, stdout, stderr } = await world.run(command);
    const expected = command === "daemon status" ? 1 : 0;
    assert.equal(code, expected, `seed ${seed}: ${command} with ${file}: ${stderr}`);
    assert(!["\x1b", "\u2028"].some((letter) => (stdout + stderr).includes(letter)), `seed ${seed}`);
  }
});

test("T35: a service starts and checks with every state file damaged, and puts them right", async (t) => {
  for (const seed of [1, 2, 3]) {
    await t.test(`seed ${seed}`, async (t) => {
      const pick = chance(BigInt(seed));
      const content = () => new TextDecoder("latin1").decode(toBytes(damaged(pick)));
      const files = Object.fromEntries(FILES.map((file) => [`${STATE}/${file}`, content()]));
      const { address } = await server(
        t,
        (response) =>
          void response.end(JSON.stringify({ latest: { stable: "0.0.1" }, versions: { "0.0.1": {} } })),
      );
      const { child, home, port } = await startServiceProcess(t, {
        files,
        env: { CCO_UPDATES_ENABLED: "true", CCO_UPDATES_SOURCES: `${address}/version-manifest.json` },
      });
      await until(async () => (await askHealth({ host: "127.0.0.1", port }))?.status === "ok");
      const schedule = JSON.parse(await readFile(join(home, STATE, "background.json"), "utf8"));
      assert(schedule.next > 0 && schedule.next < Date.now() + 8 * 24 * 3_600_000, JSON.stringify(schedule));
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 0);
    });
  }
});

function toBytes(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
