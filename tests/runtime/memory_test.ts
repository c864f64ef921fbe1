import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { test } from "node:test";
import { isFileError } from "../../src/errors.ts";
import { memoryProgram, memoryRuntime } from "../../src/runtime/memory.ts";

const RUN = { args: [], env: {}, timeout: 1000, maxOutputBytes: 1000 };

test("fail() makes chosen operations fail with a kind, until it is taken back", async () => {
  const { fs, machine } = memoryRuntime();
  machine.put("/a/file", "x");
  const stop = machine.operations.fail("busy", ({ name, to }) => name === "rename" && to === "/a/other");
  await rejects(fs.rename("/a/file", "/a/other"), (error) => isFileError(error, "busy"));
  equal(machine.read("/a/file"), "x");
  stop();
  await fs.rename("/a/file", "/a/other");
  equal(machine.read("/a/other"), "x");
});

test("pause() holds an operation up until it is resumed, and lets others pass", async () => {
  const { fs, machine } = memoryRuntime();
  machine.put("/a/file", "x");
  const pause = machine.operations.pause(({ name }) => name === "remove");
  let isDone = false;
  const removing = fs.remove("/a/file").then(() => isDone = true);
  equal((await pause.reached).path, "/a/file");
  equal((await fs.list("/a")).length, 1);
  ok(!isDone);
  pause.resume();
  await removing;
  deepEqual(machine.names("/a"), []);
});

test("append cannot be held up, and says so", async () => {
  const { fs, machine } = memoryRuntime();
  machine.putFolder("/a");
  const file = await fs.open("/a/file", { access: "create", mode: 0o600 });
  machine.operations.pause(({ name }) => name === "append");
  throws(() => file.append(new Uint8Array(1)), /synchronous/);
});

test("the log has every operation in order, with its process", async () => {
  const runtime = memoryRuntime({ pid: 7 });
  runtime.machine.put("/a/file", "x");
  await runtime.fs.stat("/a/file");
  await runtime.fs.rename("/a/file", "/a/other");
  deepEqual(runtime.machine.operations.log, [
    { index: 0, name: "stat", path: "/a/file", to: undefined, pid: 7 },
    { index: 1, name: "rename", path: "/a/file", to: "/a/other", pid: 7 },
  ]);
});

test("kill() ends a process between two operations: nothing that it has begun goes on", async () => {
  const victim = memoryRuntime({ pid: 7 });
  const { machine } = victim;
  machine.put("/a/one", "1");
  machine.put("/a/two", "2");
  machine.operations.before(({ path }) => path === "/a/two" ? victim.kill() : undefined);
  let wentOn = false;
  const work = async () => {
    await victim.fs.remove("/a/one");
    await victim.fs.remove("/a/two");
  };
  void work().finally(() => wentOn = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  deepEqual(machine.names("/a"), ["two"]);
  ok(!wentOn);
  equal(await machine.start().processStart(7), undefined);
});

test("a process number that is used again has another start", async () => {
  const first = memoryRuntime({ pid: 7 });
  const before = await first.processStart(7);
  first.kill();
  const second = first.machine.start({ pid: 7 });
  ok(before !== await second.processStart(7));
});

test("two processes of a machine see the same disk", async () => {
  const one = memoryRuntime();
  const two = one.machine.start();
  await one.fs.makeDirectory("/home/user/folder", 0o700).catch(() => {});
  one.machine.putFolder("/home/user");
  await one.fs.makeDirectory("/home/user/folder", 0o700);
  deepEqual(await two.fs.list("/home/user"), ["folder"]);
  ok(one.pid !== two.pid);
});

test("a damaged or half-written executable is no program", async () => {
  const { run, machine } = memoryRuntime();
  const whole = memoryProgram({ stdout: "app 1.0.0\n" });
  machine.put("/bin/app", whole);
  equal(new TextDecoder().decode((await run("/bin/app", RUN)).stdout), "app 1.0.0\n");
  for (let size = 0; size < whole.length; size++) {
    machine.put("/bin/app", whole.slice(0, size));
    await rejects(run("/bin/app", RUN), (error) => isFileError(error, "unsupported"), `${size} bytes`);
  }
});

test("a file cannot be run while it is open for writing, nor written while it runs", async () => {
  const { fs, run, machine } = memoryRuntime({ execPath: "/bin/self" });
  machine.put("/bin/app", memoryProgram({}));
  const file = await fs.open("/bin/app", { access: "append" });
  await rejects(run("/bin/app", RUN), (error) => isFileError(error, "busy"));
  file.close();
  equal((await run("/bin/app", RUN)).exitCode, 0);

  const running = machine.start({ execPath: "/bin/app" });
  await rejects(running.fs.open("/bin/app", { access: "append" }), (error) => isFileError(error, "busy"));
});

test("a running program on Windows can be renamed, but neither replaced nor removed before it ends", async () => {
  const { machine } = memoryRuntime({ os: "windows" });
  machine.put("C:\\apps\\app.exe", memoryProgram({}));
  machine.put("C:\\apps\\new.exe", memoryProgram({}));
  const app = machine.start({ execPath: "C:\\apps\\app.exe" });
  const { fs } = machine.start();
  const refused = (promise: Promise<void>) => rejects(promise, (error) => isFileError(error, "denied"));
  await refused(fs.rename("C:\\apps\\new.exe", "C:\\apps\\app.exe"));
  await refused(fs.remove("C:\\apps\\app.exe"));
  await fs.rename("C:\\apps\\app.exe", "C:\\apps\\old.exe");
  await refused(fs.remove("C:\\apps\\old.exe"));
  await fs.rename("C:\\apps\\new.exe", "C:\\apps\\app.exe");
  app.kill();
  await fs.remove("C:\\apps\\old.exe");
  deepEqual(machine.names("C:\\apps"), ["app.exe"]);
});

test("names on Windows are the same in capitals", async () => {
  const { fs, machine } = memoryRuntime({ os: "windows" });
  machine.put("C:\\bin\\App.exe", "x");
  equal((await fs.stat("c:\\BIN\\app.EXE"))?.kind, "file");
  equal(await fs.realPath("c:\\BIN\\app.EXE"), "C:\\bin\\App.exe");
});

test("an instant clock jumps when everybody waits, to the end of the shortest wait first", async () => {
  const runtime = memoryRuntime();
  const started = runtime.now();
  const order: string[] = [];
  await Promise.all([
    runtime.wait(86_400_000).then(() => order.push("day")),
    runtime.wait(1000).then(() => order.push("second")),
  ]);
  deepEqual(order, ["second", "day"]);
  equal(runtime.now() - started, 86_400_000);
});

test("a manual clock moves as far as it is told, and fires what is due on the way", async () => {
  const { wait, now, machine } = memoryRuntime({ clock: "manual", now: 1000 });
  const ended: number[] = [];
  void wait(10).then(async () => {
    ended.push(now());
    await wait(10);
    ended.push(now());
  });
  await machine.clock.advance(15);
  deepEqual([ended, now()], [[1010], 1015]);
  await machine.clock.advance(15);
  deepEqual([ended, now()], [[1010, 1020], 1030]);
});

test("random bytes are the same for the same seed", () => {
  deepEqual(memoryRuntime({ seed: 5 }).random(16), memoryRuntime({ seed: 5 }).random(16));
  ok(memoryRuntime({ seed: 5 }).random(16).join() !== memoryRuntime({ seed: 6 }).random(16).join());
});

test("fetch() asks the machine's network, and fails as a runtime does when there is none", async () => {
  const runtime = memoryRuntime({ fetch: (url) => new Response(url) });
  equal(await (await runtime.fetch("https://a.test/x", {})).text(), "https://a.test/x");
  await rejects(memoryRuntime().fetch("https://a.test/x", {}), TypeError);
});

test("fetch() that fails at once leaves nothing behind that is rejected when its signal aborts", async () => {
  const { fetch } = memoryRuntime({
    fetch: () => {
      throw new TypeError("network is unreachable");
    },
  });
  const controller = new AbortController();
  await rejects(fetch("https://releases.example/", { signal: controller.signal }), /unreachable/);
  // A rejection that nobody handles would end this process.
  controller.abort();
  await new Promise((resolve) => setTimeout(resolve, 0));
});

test("a machine refuses a disk of other rules, and paths that are not absolute", async () => {
  const { machine, fs } = memoryRuntime();
  throws(() => memoryRuntime({ os: "windows", disk: machine.disk }), TypeError);
  await rejects(fs.stat("relative"), TypeError);
});
