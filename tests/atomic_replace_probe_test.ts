import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import type { MemoryBehaviour, MemoryCall } from "../src/runtime/memory.ts";
import { selfDescribing } from "../src/runtime/memory/program.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, memoryPlace, NEW } from "./support/memory_place.ts";

const badPrograms: [name: string, behaviour: MemoryBehaviour, reason: RegExp][] = [
  ["crashes", { exitCode: 3, stderr: "missing library\n" }, /exit code 3\): .* "missing library"/],
  ["hangs", { end: "never" }, /did not end within 10 s/],
  ["is ended by a signal", { end: "signal" }, /ended by a signal/],
  ["prints another version", { stdout: "app 1.9.9\n" }, /should print version 2\.0\.0/],
  [
    "prints a version that only begins like the right one",
    { stdout: "app 2.0.01\n" },
    /should print version/,
  ],
  ["prints its version in the second line", { stdout: "hello\napp 2.0.0\n" }, /should print version/],
  ["prints nothing", { stdout: "" }, /it printed nothing/],
  ["prints without end", { stdout: "x".repeat(65_537) }, /printed more than 65536 bytes/],
];

for (const [name, behaviour, reason] of badPrograms) {
  for (const backup of [undefined, "an older version"]) {
    const beside = backup === undefined ? "" : ", beside an older backup";
    test(`atomicReplace() does not swap in a version that ${name}${beside}`, async () => {
      const place = memoryPlace();
      if (backup !== undefined) place.machine.put(place.beside("app.backup"), backup);
      const before = place.folder();
      const staged = await place.staged({ content: appProgram(NEW, behaviour) });
      const error = await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED", {
        executable: staged.path,
      });
      assert.match(error.message, reason);
      assert.deepEqual(place.folder(), before);
    });
  }
}

test("atomicReplace() does not swap in a file that is no program", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const staged = await place.staged({ content: new Uint8Array([1, 2, 3]) });
  await failsWith(atomicReplace(staged, place.options), "PROBE_FAILED", { exitCode: undefined });
  assert.deepEqual(place.folder(), before);
});

const probes: [
  name: string,
  stdout: string,
  probe: { expect?: (version: string) => string; args?: string[] },
][] = [
  ["the version as a word", "the app, 2.0.0 (build 7)\n", {}],
  ["the version as a tag", "v2.0.0\r\n", {}],
  ["the exact line", "release=2.0.0\n", { expect: (version) => `release=${version}` }],
];

for (const [name, stdout, probe] of probes) {
  test(`atomicReplace() accepts a version that prints ${name}`, async () => {
    const place = memoryPlace();
    const staged = await place.staged({ content: appProgram(NEW, { stdout }) });
    assert.equal((await atomicReplace(staged, { ...place.options, probe })).outcome, "updated");
  });
}

test("atomicReplace() does not accept another line than the exact one that is asked for", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const probe = { expect: (version: string) => `app version ${version}` };
  await failsWith(atomicReplace(staged, { ...place.options, probe }), "PROBE_FAILED");
});

test("atomicReplace() runs the new version with the given arguments and an empty environment", async () => {
  const calls: MemoryCall[] = [];
  const programs = (call: MemoryCall) => {
    calls.push(call);
    return selfDescribing(call);
  };
  const place = memoryPlace({ programs });
  const probe = { args: ["version", "--short"] };
  const staged = await place.staged();
  await atomicReplace(staged, { ...place.options, probe });
  assert.deepEqual(calls.map(({ path, args }) => [path, ...args]), [
    [staged.path, "version", "--short"],
    [place.executable, "version", "--short"],
  ]);
  for (const { env } of calls) {
    assert.deepEqual(Object.keys(env).sort(), ["TEMP", "TMP", "TMPDIR"]);
    assert.match(env["TMPDIR"]!, /^\/opt\/app\/\.app\.probe-[0-9a-f]{16}$/);
  }
});
