import assert from "node:assert/strict";
import * as fs from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { pathsOf } from "../src/installation.ts";
import { probe, type ProbeOptions, probeVersion } from "../src/probe.ts";
import { failsWith } from "./support/fails_with.ts";
import { NO_SCRIPTS, type RealPlace, withRealPlace } from "./support/real_place.ts";

const options = { skip: NO_SCRIPTS };

const good: [name: string, script: string, probe: ProbeOptions][] = [
  ["prints its version", 'echo "app 2.0.0"', {}],
  ["prints more than its version", 'echo "app 2.0.0"; echo "more"', {}],
  ["warns as well", 'echo warning >&2; echo "app 2.0.0"', {}],
  ["is asked in another way", '[ "$1 $2" = "version --short" ] && echo 2.0.0', {
    args: ["version", "--short"],
  }],
  ["prints exactly what it should", 'echo "app/2.0.0"', { expect: (version) => `app/${version}` }],
  ["has a child that goes on", 'sleep 60 & echo "app 2.0.0"', {}],
];

for (const [name, script, how] of good) {
  test(
    `probe() accepts a program that ${name}`,
    options,
    () =>
      withProgram(
        script,
        (place) => probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0", how),
      ),
  );
}

const bad: [
  name: string,
  script: string,
  reason: string,
  exitCode: number | undefined,
  how?: ProbeOptions,
][] = [
  ["crashes", "echo broken >&2; exit 3", "it ended with a failure", 3],
  ["ends itself by a signal", "kill -9 $$", "it was ended by a signal", undefined],
  ["hangs", "exec sleep 60", "it did not end within 0.2 s", undefined, { timeout: 200 }],
  [
    "hangs and ignores being asked to end",
    "trap '' TERM; while :; do sleep 1; done",
    "it did not end within 0.2 s",
    undefined,
    { timeout: 200 },
  ],
  [
    "prints without end",
    "while :; do echo 0123456789012345678901234567890123456789; done",
    "it printed more than 65536 bytes",
    undefined,
  ],
  ["prints another version", 'echo "app 1.0.0"', "it should print version 2.0.0", 0],
  ["prints nothing", "true", "it should print version 2.0.0", 0],
  ["prints something else than it should", 'echo "app 2.0.0"', 'it should print "app/2.0.0"', 0, {
    expect: (version) => `app/${version}`,
  }],
];

for (const [name, script, reason, exitCode, how = {}] of bad) {
  test(
    `probe() refuses a program that ${name}, and leaves nothing behind`,
    options,
    () =>
      withProgram(script, async (place) => {
        const before = place.snapshot();
        const probing = probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0", how);
        await failsWith(probing, "PROBE_FAILED", { executable: place.executable, reason, exitCode });
        assert.deepEqual(place.snapshot(), before);
      }),
  );
}

test(
  "probe() says in its message what the program said last",
  options,
  () =>
    withProgram("echo first >&2; echo 'missing libc' >&2; exit 1", async (place) => {
      const error = await failsWith(
        probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0"),
        "PROBE_FAILED",
        { lastLine: "missing libc" },
      );
      assert.match(
        error.message,
        /^New binary verification failed: .* \(exit code 1\): .* "missing libc"; tell the pub/,
      );
    }),
);

test(
  "probe() removes the temporary folder of the program with everything that is in it",
  options,
  () =>
    withProgram(
      'echo x > "$TMPDIR/cache"; mkdir "$TMPDIR/a"; echo y > "$TMPDIR/a/b"; ls "$TMPDIR"',
      async (place) => {
        const before = place.snapshot();
        // What `ls` prints first shows that the program could write there.
        const how = { expect: () => "a" };
        await probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0", how);
        assert.deepEqual(place.snapshot(), before);
      },
    ),
);

test(
  "probe() keeps the environment of the caller from the program",
  options,
  () =>
    withProgram('[ -z "$PROBE_TEST_SECRET$HOME" ] && echo "app 2.0.0"', async (place) => {
      process.env["PROBE_TEST_SECRET"] = "hunter2";
      try {
        await probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0");
      } finally {
        delete process.env["PROBE_TEST_SECRET"];
      }
    }),
);

test(
  "probe() ends with the signal's reason, and so does the program",
  options,
  () =>
    withProgram('echo $$ > "$TMPDIR/../pid"; exec sleep 60', async (place) => {
      const abort = new AbortController();
      const probing = probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0", {
        signal: abort.signal,
      });
      const pid = await fileAppears(place.beside("pid"));
      abort.abort("enough");
      await assert.rejects(probing, (error) => error === "enough");
      assert.equal(await place.runtime.processStart(Number(pid)), undefined);
    }),
);

const unusable: [name: string, make: (path: string) => void][] = [
  ["is not there", (path) => fs.rmSync(path)],
  ["is not executable", (path) => fs.chmodSync(path, 0o644)],
  ["is no program", (path) => fs.writeFileSync(path, "\0\0\0\0")],
  ["is empty", (path) => fs.writeFileSync(path, "")],
  ["names an interpreter that is not there", (path) => fs.writeFileSync(path, "#!/nowhere/sh\n")],
];

for (const [name, make] of unusable) {
  test(`probe() refuses a file that ${name}`, options, () =>
    withProgram("true", async (place) => {
      make(place.executable);
      const before = place.snapshot();
      const probing = probe(place.runtime, pathsOf(place.executable), place.executable, "2.0.0");
      const error = await failsWith(probing, "PROBE_FAILED", {
        executable: place.executable,
        exitCode: undefined,
      });
      assert.match(error.message, /cannot be started/);
      assert.deepEqual(place.snapshot(), before);
    }));
}

const versions: [script: string, version: string | undefined][] = [
  ['echo "app 1.2.3"', "1.2.3"],
  ['echo "v1.2.3-beta.1 (linux)"', "1.2.3-beta.1"],
  ['printf "1.2.3\\r\\nmore"', "1.2.3"],
  ['echo "app 1.2"', undefined],
  ["true", undefined],
];

for (const [script, version] of versions) {
  test(`probeVersion() of ${script} is ${version}`, options, () =>
    withProgram(script, async (place) => {
      const found = await probeVersion(place.runtime, pathsOf(place.executable), place.executable);
      assert.equal(found, version);
    }));
}

test(
  "probeVersion() refuses a program that does not run",
  options,
  () =>
    withProgram("echo 1.2.3; exit 1", async (place) => {
      const probing = probeVersion(place.runtime, pathsOf(place.executable), place.executable);
      await failsWith(probing, "PROBE_FAILED", { exitCode: 1 });
    }),
);

async function withProgram(script: string, body: (place: RealPlace) => Promise<void>): Promise<void> {
  await withRealPlace(async (place) => {
    fs.writeFileSync(place.executable, `#!/bin/sh\n${script}\n`);
    await body(place);
  });
}

/** The program says that it runs by writing a file; nothing else could tell. */
async function fileAppears(path: string): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const text = fs.existsSync(path) ? fs.readFileSync(path, "utf8") : "";
    if (text.endsWith("\n")) return text.trim();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`${path} did not appear`);
}
