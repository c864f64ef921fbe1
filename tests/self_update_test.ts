import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Update } from "../src/check_for_update.ts";
import type { UpdatePhase } from "../src/progress.ts";
import { recover } from "../src/recover.ts";
import { rollback } from "../src/rollback.ts";
import { selfUpdate } from "../src/self_update.ts";
import type { Fault } from "../src/testing/fault_server.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, memoryPlace, NEW, OLD } from "./support/memory_place.ts";
import { NO_SCRIPTS, scriptApp, withRealPlace } from "./support/real_place.ts";
import { digest } from "./support/release.ts";
import { signManifest, testKey } from "./support/signed_release.ts";
import { joined } from "./support/tar_archive.ts";

const onFiles = { skip: NO_SCRIPTS };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

for (const format of ["tar.gz", "zip", "gz", "br", "raw"] as const) {
  test(
    `selfUpdate() installs a ${format} release, which runs, and rollback() takes it back`,
    onFiles,
    () =>
      withRealPlace(async (place) => {
        place.publish({ format });
        const before = place.snapshot();
        const result = await selfUpdate({ ...place.options, source: place.source });
        const { update, ...facts } = result;
        assert.deepEqual(facts, { outcome: "updated", from: OLD, to: NEW, cause: undefined });
        assert.equal(update?.version, NEW);
        assert.deepEqual(place.snapshot(), {
          app: `file 755 ${text(scriptApp(NEW))}`,
          "app.backup": `file 755 ${text(scriptApp(OLD))}`,
        });
        assert.deepEqual(place.downloads(), []);
        assert.equal((await rollback(place.options)).to, OLD);
        assert.deepEqual(place.snapshot(), before);
      }),
  );
}

test(
  "selfUpdate() installs what a trusted key has signed, without being told to allow anything",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      const key = await testKey(1);
      const now = Date.now();
      const { manifest } = place.publish({
        manifest: {
          schema: 1,
          sequence: 7,
          issued: time(now - 60_000),
          expires: time(now + 86_400_000),
          latest: { stable: NEW },
        },
      });
      const signed = await signManifest(manifest, [key]);
      const { allowUnsigned: _, ...options } = place.options;
      const trusting = { ...options, source: place.source, keys: [key.publicKey.text] };
      await failsWith(selfUpdate(trusting), "UNTRUSTED", { reason: "unsigned" });
      place.server.serve("/version-manifest.json.minisig", signed.signature!);
      const result = await selfUpdate(trusting);
      assert.equal(result.outcome, "updated");
      assert.deepEqual(result.update?.trust, { signed: true, keyIds: [key.publicKey.id] });
    }),
);

test("selfUpdate() has nothing to do for the newest version", onFiles, () =>
  withRealPlace(async (place) => {
    place.publish();
    const before = place.snapshot();
    const result = await selfUpdate({ ...place.options, currentVersion: NEW, source: place.source });
    assert.deepEqual(result, {
      outcome: "up-to-date",
      from: NEW,
      to: NEW,
      update: undefined,
      cause: undefined,
    });
    assert.deepEqual(place.snapshot(), before);
    assert.equal(place.server.requests.length, 1);
  }));

test(
  "selfUpdate() defers what is not confirmed, before it downloads anything",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      place.publish();
      const asked: Update[] = [];
      const confirm = (update: Update) => Promise.resolve(asked.push(update) === 0);
      const result = await selfUpdate({ ...place.options, source: place.source, confirm });
      assert.deepEqual([result.outcome, result.from, result.to], ["deferred", OLD, OLD]);
      assert.deepEqual(asked, [result.update]);
      assert.deepEqual(place.server.requests.map(({ path }) => path), ["/version-manifest.json"]);
      const confirmed = await selfUpdate({ ...place.options, source: place.source, confirm: () => true });
      assert.equal(confirmed.outcome, "updated");
    }),
);

test(
  "selfUpdate() rolls back a version that works only under its temporary name",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      fs.writeFileSync(place.beside("app.backup"), "an older version");
      const before = place.snapshot();
      const content = scriptApp(NEW, 'case "$0" in */app) echo "not here" >&2; exit 7;; esac');
      place.publish({ content });
      const result = await selfUpdate({ ...place.options, source: place.source });
      assert.deepEqual([result.outcome, result.from, result.to], ["rolled-back", OLD, OLD]);
      assert.equal(result.cause?.code, "PROBE_FAILED");
      assert.match(result.cause?.message ?? "", /exit code 7.*"not here"/);
      assert.deepEqual(place.snapshot(), before);
      // It is not tried again by itself.
      const again = await selfUpdate({ ...place.options, source: place.source });
      assert.equal(again.outcome, "up-to-date");
    }),
);

test("selfUpdate() reports its phases in order", onFiles, () =>
  withRealPlace(async (place) => {
    place.publish();
    const phases: UpdatePhase[] = [];
    const onProgress = ({ phase }: { phase: UpdatePhase }) => {
      if (phases.at(-1) !== phase) phases.push(phase);
    };
    await selfUpdate({ ...place.options, source: place.source, onProgress });
    assert.deepEqual(phases, [
      "checking",
      "downloading",
      "verifying",
      "verified",
      "extracting",
      "probing",
      "backing-up",
      "installing",
    ]);
  }));

for (const mode of [0o755, 0o700, 0o555]) {
  test(
    `selfUpdate() keeps the permissions ${mode.toString(8)}`,
    onFiles,
    () =>
      withRealPlace(async (place) => {
        for (const [version, format] of [["2.0.0", "raw"], ["3.0.0", "zip"]] as const) {
          place.publish({ version, format });
          await selfUpdate({ ...place.options, source: place.source });
          assert.equal(place.snapshot()["app"], `file ${mode.toString(8)} ${text(scriptApp(version))}`);
        }
      }, { mode }),
  );
}

test("selfUpdate() follows a symbolic link and leaves it", onFiles, () =>
  withRealPlace(async (place) => {
    place.publish();
    const link = `${place.folder}-link`;
    fs.symlinkSync("bin/app", link);
    const result = await selfUpdate({ ...place.options, executable: link, source: place.source });
    assert.equal(result.outcome, "updated");
    assert.equal(fs.readlinkSync(link), "bin/app");
    assert.equal(fs.readFileSync(link, "utf8"), text(scriptApp(NEW)));
    fs.rmSync(link);
  }));

const faults: [name: string, fault: Fault][] = [
  ["breaks", { kind: "cut", after: 100 }],
  ["is answered with 503", { kind: "status", status: 503 }],
  ["is dropped", { kind: "drop" }],
];

for (const [name, fault] of faults) {
  test(`selfUpdate() gets over a download that ${name} once`, onFiles, () =>
    withRealPlace(async (place) => {
      const made = place.publish();
      place.server.fault(`/${made.name}`, fault);
      assert.equal((await selfUpdate({ ...place.options, source: place.source })).outcome, "updated");
    }));
}

const spoilt: [name: string, fault: Fault | Fault[], code: "DIGEST_MISMATCH" | "SIZE_MISMATCH"][] = [
  ["has one wrong byte", { kind: "corrupt", at: 50 }, "DIGEST_MISMATCH"],
  [
    "has more bytes than it should",
    [{ kind: "surplus", bytes: 9 }, { kind: "length", value: undefined }],
    "SIZE_MISMATCH",
  ],
  ["does not end", { kind: "endless" }, "SIZE_MISMATCH"],
];

for (const [name, fault, code] of spoilt) {
  test(
    `selfUpdate() leaves everything as it was when the download ${name}`,
    onFiles,
    () =>
      withRealPlace(async (place) => {
        const before = place.snapshot();
        const made = place.publish();
        place.server.fault(`/${made.name}`, fault, { times: Infinity });
        await failsWith(selfUpdate({ ...place.options, source: place.source }), code);
        assert.deepEqual(place.snapshot(), before);
        assert.deepEqual(place.downloads(), []);
        place.server.clearFaults();
        assert.equal((await selfUpdate({ ...place.options, source: place.source })).outcome, "updated");
      }),
  );
}

test(
  "selfUpdate() that is aborted in the middle of a download keeps what has arrived, and goes on from there",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      const before = place.snapshot();
      // 200 KB that do not compress.
      const noise = Uint8Array.from({ length: 200_000 }, (_, i) => (i * i * 31 + (i >> 3) * 7) % 251);
      const content = joined(scriptApp(NEW, "exec_ok=1"), new TextEncoder().encode("exit 0\n"), noise);
      const made = place.publish({ content, format: "raw" });
      place.server.fault(`/${made.name}`, { kind: "stall", after: 100_000 });
      const abort = new AbortController();
      const onProgress = ({ receivedBytes }: { receivedBytes: number }) => {
        if (receivedBytes > 50_000) abort.abort("enough");
      };
      const updating = selfUpdate({
        ...place.options,
        source: place.source,
        signal: abort.signal,
        onProgress,
      });
      await assert.rejects(updating, (error) => error === "enough");
      assert.deepEqual(place.snapshot(), before);
      assert(place.downloads().includes(`${digest(made.packed)}.part`));

      assert.equal((await selfUpdate({ ...place.options, source: place.source })).outcome, "updated");
      const range = place.server.requests.at(-1)?.headers.get("range");
      assert.match(range ?? "from the beginning", /^bytes=[1-9]\d*-$/);
      assert.deepEqual(place.downloads(), []);
    }),
);

test("selfUpdate() by three programs at once installs once", onFiles, () =>
  withRealPlace(async (place) => {
    place.publish();
    const options = { ...place.options, source: place.source };
    const results = await Promise.allSettled([selfUpdate(options), selfUpdate(options), selfUpdate(options)]);
    const outcomes = results.map((result) =>
      result.status === "fulfilled" ? result.value.outcome : result.reason.code
    );
    assert.deepEqual(outcomes.sort(), ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "updated"]);
    assert.deepEqual(Object.keys(place.snapshot()), ["app", "app.backup"]);
  }));

test(
  "selfUpdate() updates from one version to the next and the next, one backup back",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      let currentVersion = OLD;
      for (const version of ["2.0.0", "3.0.0", "10.0.0"]) {
        place.publish({ version });
        const result = await selfUpdate({ ...place.options, currentVersion, source: place.source });
        assert.deepEqual([result.outcome, result.to], ["updated", version]);
        assert.deepEqual(place.snapshot(), {
          app: `file 755 ${text(scriptApp(version))}`,
          "app.backup": `file 755 ${text(scriptApp(currentVersion))}`,
        });
        currentVersion = version;
      }
    }),
);

test(
  "selfUpdate() installs a release from a folder on this machine, without any server",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      const made = place.publish();
      const folder = `${place.folder}-releases`;
      fs.mkdirSync(folder);
      fs.writeFileSync(`${folder}/${made.name}`, made.packed);
      fs.writeFileSync(`${folder}/version-manifest.json`, made.manifest);
      const result = await selfUpdate({ ...place.options, source: `${pathToFileURL(folder).href}/` });
      assert.equal(result.outcome, "updated");
      assert.equal(place.server.requests.length, 0);
      assert.deepEqual(fs.readFileSync(`${folder}/${made.name}`), Buffer.from(made.packed));
    }),
);

test(
  "recover() finds nothing to do after an update, and nothing is left of it",
  onFiles,
  () =>
    withRealPlace(async (place) => {
      place.publish();
      await selfUpdate({ ...place.options, source: place.source });
      assert.equal((await recover(place.options)).outcome, "none");
      assert.deepEqual(Object.keys(place.snapshot()), ["app", "app.backup"]);
    }),
);

for (const os of ["linux", "darwin", "windows"] as const) {
  test(`selfUpdate() on ${os} ends what a crash left before it looks for an update`, async () => {
    const place = memoryPlace({ os });
    await place.staged();
    place.runtime.kill();
    const runtime = place.machine.start({ execPath: place.executable });
    const result = await selfUpdate({ ...place.options, runtime, source: place.source });
    assert.equal(result.outcome, "updated");
    assert.equal(place.machine.read(place.executable), text(appProgram(NEW)));
    assert.deepEqual(Object.keys(place.folder()).length, 2);
  });
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}
