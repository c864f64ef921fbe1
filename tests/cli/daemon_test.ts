/** `cco run` and `cco daemon`, with services that run in this process. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { freePort } from "../support/free_port.ts";
import { machineWith, until } from "./daemon_machine.ts";
import { TestWorld } from "./world.ts";

test("cco daemon starts, tells how it is, and stops, in the contract's words", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.1" }]);
  const { machine, port } = await machineWith(world);
  await using _ = machine;
  const { pid } = world.runtime;
  assert.deepEqual(await world.run("daemon status"), {
    code: 1,
    stdout: "Daemon is not running\n",
    stderr: "",
  });
  const start = await world.run("daemon start");
  assert.equal(start.code, 0, start.stderr);
  assert.equal(start.stdout, `✅ Daemon started (PID: ${pid})\nAddress: http://127.0.0.1:${port}\n`);
  const status = await world.run("daemon status");
  assert.equal(status.code, 0);
  assert.match(
    status.stdout,
    new RegExp(
      `^Daemon is running \\(PID: ${pid}\\)\nUptime: \\d+s\nVersion: 2025.11.1\nHealth: ok\n` +
        `Address: http://127.0.0.1:${port}\nLast check: Never\nNext check: \\d{4}-\\d\\d-\\d\\d [\\d:]{8} UTC\n$`,
    ),
  );
  assert.equal(
    (await world.run("daemon start")).stdout.split("\n")[0],
    `Daemon is already running (PID: ${pid})`,
  );
  const second = await world.run(`run --port ${await freePort()}`);
  assert.equal(second.code, 1);
  assert.equal(second.stderr, `Daemon is already running (PID: ${pid})\n`);
  assert.deepEqual(await world.run("daemon stop"), { code: 0, stdout: "✅ Daemon stopped\n", stderr: "" });
  assert.deepEqual(machine.ended, ["gracefully"]);
  assert.equal((await world.run("daemon stop")).stdout, "Daemon is not running\n");
  assert.equal((await world.run("daemon status")).code, 1);
});

test("cco daemon passes its place on to the service, and refuses what is none", async () => {
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  await world.writeConfig("");
  const port = await freePort();
  const answer = await world.run(`daemon start --port ${port} --host ::1 --config ${world.configFile}`);
  if (answer.code === 0) assert.match(answer.stdout, /Address: http:\/\/\[::1\]:\d+\n/);
  else assert.match(answer.stderr, /EADDRNOTAVAIL|EAFNOSUPPORT/);
  assert.deepEqual(machine.starts[0], [
    "run",
    "--quiet",
    `--port=${port}`,
    "--host=::1",
    `--config=${world.configFile}`,
  ]);
  for (
    const words of [
      "run --port 0",
      "run --port x",
      "run --host evil/",
      "daemon logs -n x",
      "daemon logs --level x",
    ]
  ) {
    assert.equal((await world.run(words)).code, 2, words);
  }
});

test("cco run and cco daemon print documents of their published shapes", async () => {
  const text = await readFile(new URL("../../docs/schemas/cli-output.schema.json", import.meta.url), "utf8");
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: { "date-time": true } });
  ajv.addSchema(JSON.parse(text), "output");
  await using world = await TestWorld.make();
  const { machine } = await machineWith(world);
  await using _ = machine;
  for (const name of ["start", "start", "status", "restart", "logs", "stop"]) {
    const { code, document } = await world.json(`daemon ${name}`);
    assert.equal(code, 0, name);
    const validate = ajv.getSchema(`output#/$defs/${encodeURIComponent(`daemon ${name}`)}`)!;
    assert(validate(document), `${name}: ${ajv.errorsText(validate.errors)}`);
  }
  const running = world.json("run");
  await until(async () => (await world.run("daemon status")).code === 0);
  await machine.end(0, "gracefully");
  assert.deepEqual((await running).document, { outcome: "stopped", version: "2025.11.1" });
});
