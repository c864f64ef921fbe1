/** The memory of a service that checks for a year, in a process of its own against a server on this machine. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../scripts/compile/deno_compile.ts";
import { freePort } from "../support/free_port.ts";

/** An hour apart they are more than a year. */
const CHECKS = 10_000;
/** By then the code of a check is compiled and its buffers have their size. */
const WARM = 100;
/** How many readings around a moment are taken together: garbage comes and goes. */
const READINGS = 5;
const ROOM = 1.1;

const skip = Deno.build.os !== "linux" && "the C library that keeps memory, and gives it back, is Linux's";

test(
  "ten thousand checks leave the memory of the service within a tenth of its start",
  { skip },
  async () => {
    // Ten thousand schedules reach the disk one after the other: in memory that is a matter of a minute.
    const isThere = await Deno.stat("/dev/shm").then(() => true, () => false);
    const home = await Deno.makeTempDir(isThere ? { dir: "/dev/shm" } : {});
    const manifest = JSON.stringify({ latest: { stable: "2025.11.1" }, versions: { "2025.11.1": {} } });
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ({ url }) => url.endsWith(".json") ? new Response(manifest) : new Response("", { status: 404 }),
    );
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        "--no-check",
        `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
        V8_FLAGS,
        fileURLToPath(new URL("support/accelerated_service.ts", import.meta.url)),
        "run",
        `--port=${await freePort()}`,
      ],
      env: {
        HOME: home,
        XDG_STATE_HOME: join(home, "state"),
        XDG_CONFIG_HOME: join(home, "config"),
        CCO_UPDATES_CHECK_INTERVAL: "hourly",
        ACCELERATED_SOURCE: `http://127.0.0.1:${server.addr.port}/version-manifest.json`,
        ACCELERATED_CHECKS: `${CHECKS}`,
      },
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    const log = await Deno.readTextFile(join(home, "state/cco/logs/cco.log")).catch(() => "");
    await Deno.remove(home, { recursive: true });
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const readings = new TextDecoder().decode(stdout).trim().split("\n")
      .map((line) => /^(\d+) (\d+)$/.exec(line)).filter((match) => match !== null)
      .map(([, checks, bytes]) => ({ checks: Number(checks), bytes: Number(bytes) }));
    assert.equal(readings.length, CHECKS / 100);
    // The last one is cancelled by the end, unless it was faster.
    const worked = log.match(/ Latest version: /g)?.length ?? 0;
    assert(worked >= CHECKS - 1, `${worked} of ${CHECKS} checks worked`);

    const from = WARM / 100 - 1;
    const start = median(readings.slice(from, from + READINGS).map(({ bytes }) => bytes));
    const end = median(readings.slice(-READINGS).map(({ bytes }) => bytes));
    const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    console.log(
      `after ${WARM} checks ${mib(start)}, after ${CHECKS} ${mib(end)}: ${(100 * end / start).toFixed(1)} %`,
    );
    assert(end <= start * ROOM, readings.map(({ checks, bytes }) => `${checks}: ${mib(bytes)}`).join("\n"));
  },
);

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
