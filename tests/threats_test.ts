/**
 * Attacks on the steps from the manifest to the installed file, mounted against the real client and named by their
 * numbers in `docs/trust.md`. Those on signatures and roots are in `trust_test.ts` and `trust/`.
 */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { atomicReplace } from "../src/atomic_replace.ts";
import { downloadVerified } from "../src/download_verified.ts";
import type { UpdateErrorCode } from "../src/errors.ts";
import type { OpenFile, Runtime } from "../src/runtime/types.ts";
import { selfUpdate } from "../src/self_update.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, memoryPlace, NEW, OLD } from "./support/memory_place.ts";
import { NO_SCRIPTS, type RealPlace, scriptApp, withRealPlace } from "./support/real_place.ts";
import { pack } from "./support/release.ts";
import { gzip, tarGz } from "./support/tar_archive.ts";
import { zip } from "./support/zip_archive.ts";

const scripts = { skip: NO_SCRIPTS };
const wanted = { name: "app", content: scriptApp(NEW) };

const mixed: [what: string, served: Uint8Array, code: UpdateErrorCode][] = [
  ["the version before, of the same size", appProgram(OLD), "DIGEST_MISMATCH"],
  ["a longer one", appProgram(`${OLD}-with-more`), "SIZE_MISMATCH"],
];

for (const [what, served, code] of mixed) {
  test(`T5: a server that offers the manifest of one version and the genuine file of another, ${what}, installs nothing`, async () => {
    const place = memoryPlace();
    place.publish({ format: "raw" });
    place.serve(`app-${NEW}`, served);
    const before = place.folder();
    await failsWith(selfUpdate({ ...place.options, source: place.source }), code);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
  });
}

/** What a manifest of another updater might have, and an attacker might hope for. */
function actions(place: RealPlace): Record<string, string> {
  const command = `touch ${place.beside("pwned")}`;
  return { postinstall: command, preinstall: command, exec: command, run: command, script: command };
}

test(
  "T10: commands in the manifest and in a release are not carried out, whatever they are called",
  scripts,
  async () => {
    await withRealPlace(async (place) => {
      place.publish({ manifest: actions(place), release: actions(place) });
      const started: string[] = [];
      const run: Runtime["run"] = (path, options) => {
        started.push(path);
        return place.runtime.run(path, options);
      };
      const runtime = { ...place.runtime, run };
      const { outcome } = await selfUpdate({ ...place.options, runtime, source: place.source });
      assert.equal(outcome, "updated");
      assert.deepEqual(Object.keys(place.snapshot()), ["app", "app.backup"]);
      // The executables, when they are asked for their version, and what copies attributes of the old file.
      const known = (path: string) => path === "/bin/cp" || /^\.?app/.test(basename(path));
      assert(started.length > 0 && started.every(known), started.join());
    });
  },
);

test("T10: an asset with a command is not used at all", scripts, async () => {
  await withRealPlace(async (place) => {
    for (const [name, command] of Object.entries(actions(place))) {
      place.publish({ asset: { [name]: command } });
      const before = place.snapshot();
      await failsWith(selfUpdate({ ...place.options, source: place.source }), "ASSET_MISSING");
      assert.deepEqual(place.snapshot(), before, name);
    }
  });
});

/** Every path below a folder. */
function treeOf(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true }).map(String).sort();
}

const escapes = [
  "../pwned",
  "../../pwned",
  "a/../../pwned",
  "./../pwned",
  "..\\pwned",
  "..\\..\\pwned",
  "pwned/../../pwned",
  "app/../../pwned",
];
const archives: [format: "tar.gz" | "zip", make: (names: string[]) => Uint8Array][] = [
  ["tar.gz", (names) => tarGz(...names.map((name) => ({ name, content: scriptApp("6.6.6") })), wanted)],
  ["zip", (names) => zip([...names.map((name) => ({ name, content: scriptApp("6.6.6") })), wanted])],
];

for (const [format, make] of archives) {
  test(
    `T19: of a ${format} with paths that leave it, the one file is installed and nothing else appears`,
    scripts,
    async () => {
      await withRealPlace(async (place) => {
        const root = dirname(place.folder);
        const packed = make([...escapes, join(root, "pwned"), place.beside("pwned")]);
        place.publish({ format, packed, content: wanted.content });
        await selfUpdate({ ...place.options, source: place.source });
        assert.equal(fs.readFileSync(place.executable, "utf8"), new TextDecoder().decode(wanted.content));
        assert.deepEqual(treeOf(root).filter((path) => path.includes("pwned")), []);
        assert.deepEqual(treeOf(place.folder), ["app", "app.backup"]);
      });
    },
  );
}

const types: [what: string, entry: Parameters<typeof tarGz>[0]][] = [
  ["a symbolic link", { name: "app", type: "2", linkName: "/bin/sh" }],
  ["a hard link", { name: "app", type: "1", linkName: "../victim" }],
  ["a character device", { name: "app", type: "3" }],
  ["a block device", { name: "app", type: "4" }],
  ["a folder", { name: "app", type: "5" }],
  ["a pipe", { name: "app", type: "6" }],
];

for (const [what, entry] of types) {
  test(
    `T20: ${what} where the executable should be is refused, also with the real file behind it`,
    scripts,
    async () => {
      await withRealPlace(async (place) => {
        const before = place.snapshot();
        for (const packed of [tarGz(entry), tarGz(entry, wanted)]) {
          place.publish({ packed, content: wanted.content });
          await failsWith(selfUpdate({ ...place.options, source: place.source }), "ARCHIVE_INVALID");
          assert.deepEqual(place.snapshot(), before);
          assert.deepEqual(place.downloads(), []);
        }
      });
    },
  );
}

const zeros = new Uint8Array(64 << 20);
const bombs: [format: "tar.gz" | "zip" | "gz", make: () => Uint8Array][] = [
  ["tar.gz", () => tarGz({ name: "app", content: zeros })],
  ["zip", () => zip([{ name: "app", content: zeros }])],
  ["gz", () => gzip(zeros)],
];

for (const [format, make] of bombs) {
  test(`T21: a ${format} that would become 64 MiB ends at the size that the manifest gives`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const packed = make();
    assert(packed.length < 1 << 20);
    let written = 0;
    place.publish({ format, packed, content: appProgram(NEW) });
    const counting = withOpen(place.runtime.fs, (file) => {
      const append = file.append.bind(file);
      return Object.assign(file, {
        append: (bytes: Uint8Array) => {
          written += bytes.length;
          append(bytes);
        },
      });
    });
    const runtime = { ...place.runtime, fs: counting };
    await failsWith(selfUpdate({ ...place.options, runtime, source: place.source }), "TOO_LARGE");
    assert(written < packed.length + (1 << 20), `${written} bytes were written`);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
  });
}

/** A file system whose files are changed as they are opened. */
function withOpen(files: Runtime["fs"], change: (file: OpenFile) => OpenFile): Runtime["fs"] {
  const open: Runtime["fs"]["open"] = async (...args) => change(await files.open(...args));
  return new Proxy(files, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      return name === "open" ? open : typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Runs an update that must be refused before anything is downloaded. */
async function refusedBeforeDownload(place: RealPlace, code: UpdateErrorCode): Promise<void> {
  const { name } = place.publish();
  const before = place.snapshot();
  await failsWith(selfUpdate({ ...place.options, source: place.source }), code);
  assert.deepEqual(place.snapshot(), before);
  assert(!place.server.requests.some(({ path }) => path === `/${name}`));
}

const noModes = process.platform === "win32" ? "Windows has no permission bits" : false;
const open: [what: string, change: (place: RealPlace) => void][] = [
  ["the folder of the executable", ({ folder }) => fs.chmodSync(folder, 0o777)],
  ["a folder above it", ({ folder }) => fs.chmodSync(dirname(folder), 0o777)],
];

for (const [what, change] of open) {
  test(`T23: where everybody can write to ${what}, nothing is downloaded`, { skip: noModes }, async () => {
    await withRealPlace(async (place) => {
      change(place);
      await refusedBeforeDownload(place, "UNSAFE_DIRECTORY");
    });
  });
}

test(
  "T23: a sticky folder that everybody can write to is good enough for the executable's owner",
  scripts,
  async () => {
    await withRealPlace(async (place) => {
      fs.chmodSync(place.folder, 0o1777);
      place.publish();
      assert.equal((await selfUpdate({ ...place.options, source: place.source })).outcome, "updated");
    });
  },
);

for (const mode of [0o4755, 0o2755, 0o6755]) {
  test(`T25: an executable of mode ${mode.toString(8)} is not replaced`, { skip: noModes }, async () => {
    await withRealPlace((place) => refusedBeforeDownload(place, "PRIVILEGED_TARGET"), { mode });
  });
}

test("T25: an executable of another user is not replaced", async () => {
  const place = memoryPlace();
  place.publish();
  const runtime = { ...place.runtime, uid: 4711 };
  const before = place.folder();
  const error = await failsWith(
    selfUpdate({ ...place.options, runtime, source: place.source }),
    "PRIVILEGED_TARGET",
    { path: place.executable },
  );
  assert.match(error.message, /a new file would belong to user 4711/);
  assert.deepEqual(place.folder(), before);
});

test("T25: setuid bits of an archive reach no file", scripts, async () => {
  await withRealPlace(async (place) => {
    place.publish({ packed: tarGz({ ...wanted, mode: 0o6777 }), content: wanted.content });
    await selfUpdate({ ...place.options, source: place.source });
    for (const name of ["app", "app.backup"]) {
      assert.equal(fs.statSync(place.beside(name)).mode & 0o7777, 0o755, name);
    }
  });
});

const managed: [path: string, manager: string, command: RegExp][] = [
  ["/opt/homebrew/Cellar/app/1.0.0/bin/app", "Homebrew", /^brew upgrade app$/],
  ["/nix/store/0c1p5z9kda11-app-1.0.0/bin/app", "Nix", /^nix profile upgrade app$/],
  ["/snap/app/12/bin/app", "Snap", /^sudo snap refresh app$/],
  ["/usr/lib/node_modules/@scope/app/bin/app", "npm", /^npm install --global @scope\/app@latest$/],
  ["/usr/bin/app", "the system's package manager", /^sudo apt-get install --only-upgrade app/],
];

for (const [executable, manager, command] of managed) {
  test(`T26: ${executable} is left to ${manager}, and its command is named`, async () => {
    const place = memoryPlace();
    place.machine.putFolder(dirname(executable));
    place.machine.put(executable, appProgram(OLD), { mode: 0o755 });
    place.publish();
    const options = { ...place.options, executable, source: place.source };
    const error = await failsWith(selfUpdate(options), "MANAGED_INSTALL", { path: executable, manager });
    assert.equal(error.code, "MANAGED_INSTALL");
    assert(error.code === "MANAGED_INSTALL" && command.test(error.details.command), error.message);
  });
}

const probes: [what: string, before: string][] = [
  ["hangs", "exec sleep 60"],
  ["hangs and ignores being asked to end", "trap '' TERM; while :; do sleep 1; done"],
  ["prints without end", "while :; do echo 0123456789012345678901234567890123456789; done"],
  ["reads the environment of the caller", '[ -n "$PROBE_TEST_TOKEN" ] || exit 3'],
];

for (const [what, before] of probes) {
  test(
    `T27: a new version that ${what} when it is asked for its version is not installed`,
    scripts,
    async () => {
      await withRealPlace(async (place) => {
        place.publish({ content: scriptApp(NEW, before) });
        const installed = place.snapshot();
        process.env["PROBE_TEST_TOKEN"] = "secret";
        try {
          const options = { ...place.options, source: place.source, probe: { timeout: 500 } };
          await failsWith(selfUpdate(options), "PROBE_FAILED");
        } finally {
          delete process.env["PROBE_TEST_TOKEN"];
        }
        assert.deepEqual(place.snapshot(), installed);
      });
    },
  );
}

test("T34: of thirty updates at once one downloads and replaces, the others say that it does", async () => {
  const place = memoryPlace();
  place.publish();
  let downloads = 0;
  const packed = pack(appProgram(NEW), "tar.gz");
  place.serve(`app-${NEW}.tar.gz`, () => {
    downloads++;
    return new Response(packed as Uint8Array<ArrayBuffer>);
  });
  const update = await place.check();
  const results = await Promise.allSettled(Array.from({ length: 30 }, async () => {
    const runtime = place.machine.start({ execPath: place.executable });
    const options = { ...place.options, runtime };
    return await atomicReplace(await downloadVerified(update, options), options);
  }));
  const outcomes = results.map((result) =>
    result.status === "fulfilled" ? result.value.outcome : result.reason.code
  );
  assert.equal(outcomes.filter((outcome) => outcome === "updated").length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === "UPDATE_IN_PROGRESS").length, 29);
  assert.equal(downloads, 1);
  assert.equal(place.machine.read(place.executable), new TextDecoder().decode(appProgram(NEW)));
});
