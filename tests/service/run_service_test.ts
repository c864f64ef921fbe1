/** The service's life: serving, giving its place up, and taking it back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { askHealth } from "../../src/service/ask_health.ts";
import { initialState } from "../../src/service/health.ts";
import { serveHealth } from "../../src/service/http_server.ts";
import { Log } from "../../src/service/log.ts";
import { lastRecord } from "../../src/service/record.ts";
import { AlreadyRunning, runService, type ServiceOptions } from "../../src/service/run_service.ts";
import { freePort } from "../support/free_port.ts";
import { memoryPlace, NEW, OLD } from "../support/memory_place.ts";

const HOST = "127.0.0.1";

/** A service on a machine in memory, with an update on the server, and a port of this machine that nobody shares. */
async function service(handOver: ServiceOptions["handOver"], more: Partial<ServiceOptions> = {}) {
  const place = memoryPlace();
  place.publish();
  const { runtime } = place;
  const stateDirectory = place.state("");
  const port = await freePort();
  const stopping = new AbortController();
  const lines: string[] = [];
  const log = new Log(runtime, { folder: place.state("logs"), echo: (line) => lines.push(line.slice(21)) });
  const options: ServiceOptions = {
    runtime,
    version: OLD,
    stateDirectory,
    listening: { host: HOST, port },
    sharing: undefined,
    predecessor: undefined,
    lastCheck: undefined,
    log,
    loadDuties: () =>
      Promise.resolve({
        checks: { ...place.options, stateDirectory, source: place.source, interval: 60_000 },
        onChecked: () => Promise.resolve(),
        onUpdate: () => Promise.resolve("hand-over"),
        describe: (error) => ({ code: "TEST", message: String(error) }),
      }),
    onReload: () => () => {},
    provenAfter: 1e9,
    onProven: () => Promise.resolve(),
    handOver,
    signal: stopping.signal,
    ...more,
  };
  return { place, port, lines, options, stop: () => stopping.abort(), at: { host: HOST, port } };
}

test("a port that cannot be shared is free for the successor, and taken again when that one is no good", async () => {
  const seen: string[] = [];
  const world = await service(async (version) => {
    seen.push(version);
    // What a successor does: it listens there.
    const state = initialState({ version, pid: 1, startedAt: 0, lastCheck: undefined });
    await (await serveHealth(world.at, state, () => 0)).close();
    if (seen.length === 2) world.stop();
    return seen.length === 2;
  });
  await runService(world.options);
  assert.deepEqual(seen, [NEW, NEW]);
  const goesOn = world.lines.filter((line) => /Service (?:started|goes on|stopped)/.test(line));
  assert.deepEqual(goesOn, [
    `[INFO] Service started: version ${OLD}, http://${HOST}:${world.port}`,
    `[INFO] Service goes on: version ${OLD}, http://${HOST}:${world.port}`,
    "[INFO] Service stopped",
  ]);
  assert.equal(await lastRecord(world.place.runtime, world.place.state("")), undefined);
});

test("a service that has handed over leaves neither a record nor a listener of its own", async () => {
  const world = await service(async () => {
    assert.equal((await lastRecord(world.place.runtime, world.place.state("")))?.port, world.port);
    return true;
  });
  await runService(world.options);
  assert.equal(await askHealth(world.at), undefined);
  assert.equal(await lastRecord(world.place.runtime, world.place.state("")), undefined);
});

test("a service does not listen where the record names another one, and keeps no port", async () => {
  const world = await service(() => Promise.resolve(true));
  const other = { ...world.options, runtime: world.place.machine.start() };
  let second: Promise<void> | undefined;
  await runService({
    ...world.options,
    handOver: async () => {
      second = runService({ ...other, listening: { host: HOST, port: await freePort() } });
      await assert.rejects(second, AlreadyRunning);
      return true;
    },
  });
  assert(second !== undefined);
});
