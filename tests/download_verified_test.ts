import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveFormat } from "../src/archive.ts";
import { atomicReplace } from "../src/atomic_replace.ts";
import { checkForUpdate } from "../src/check_for_update.ts";
import { downloadVerified, type DownloadVerifiedOptions } from "../src/download_verified.ts";
import type { UpdateErrorCode } from "../src/errors.ts";
import type { Progress, UpdatePhase } from "../src/progress.ts";
import type { MemoryOperation } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW } from "./support/memory_place.ts";
import { digest, pack, release, type ReleaseParts } from "./support/release.ts";
import { joined, tarGz } from "./support/tar_archive.ts";
import { unixMode, zip } from "./support/zip_archive.ts";

const APP = appProgram(NEW);
const FORMATS: ArchiveFormat[] = ["tar.gz", "zip", "gz", "br", "raw"];

for (const format of FORMATS) {
  test(`downloadVerified() stages the executable of a ${format} file beside the installed one`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const staged = await place.staged({ format });
    assert.match(staged.path, /^\/opt\/app\/\.app\.new-[0-9a-f]{16}$/);
    assert.equal(staged.executable, place.executable);
    assert.deepEqual([staged.sha256, staged.size], [digest(APP), APP.length]);
    const { app, [staged.path.slice(9)]: file, ...others } = place.folder();
    assert.equal(app, before["app"]);
    assert.equal(file, `file 755 ${new TextDecoder().decode(APP)}`);
    assert.deepEqual(Object.keys(others), [".app.update.json"]);
    assert.deepEqual(place.downloads(), []);
  });

  test(`downloadVerified() moves a ${format} file across file systems`, async () => {
    const place = memoryPlace({ devices: [{ path: "/home" }] });
    const staged = await place.staged({ format });
    assert.equal((await atomicReplace(staged, place.options)).outcome, "updated");
    assert.deepEqual(place.downloads(), []);
  });

  test(`downloadVerified() reads a ${format} file of which the manifest names no size and no executable`, async () => {
    const place = memoryPlace();
    const staged = await place.staged({ format, asset: { size: undefined, binary: undefined } });
    assert.equal(staged.sha256, digest(APP));
  });
}

const evil = appProgram("6.6.6");
const tarOf = (...entries: Parameters<typeof tarGz>) => tarGz(...entries);
const wanted = { name: "app", content: APP };

/** What is published, and how it is refused. */
const badReleases: [name: string, parts: Partial<ReleaseParts>, code: UpdateErrorCode][] = [
  ["is one byte too long", { asset: { size: pack(APP, "tar.gz").length - 1 } }, "SIZE_MISMATCH"],
  ["has other bytes than the manifest says", { asset: { sha256: digest(evil) } }, "DIGEST_MISMATCH"],
  [
    "has an executable of another digest",
    { asset: { binary: { path: "app", sha256: digest(evil), size: APP.length } } },
    "DIGEST_MISMATCH",
  ],
  [
    "has an executable that is too small",
    { asset: { binary: { path: "app", sha256: digest(APP), size: APP.length + 1 } } },
    "SIZE_MISMATCH",
  ],
  [
    "has an executable that is too large",
    { asset: { binary: { path: "app", sha256: digest(APP), size: APP.length - 1 } } },
    "TOO_LARGE",
  ],
  ["is no archive", { packed: new Uint8Array(600) }, "ARCHIVE_INVALID"],
  ["ends in the middle of the archive", { packed: pack(APP, "tar.gz").slice(0, -40) }, "ARCHIVE_INVALID"],
  ["has no executable", { packed: tarOf({ name: "README", content: APP }) }, "BINARY_NOT_FOUND"],
  ["is an empty archive", { packed: tarOf() }, "BINARY_NOT_FOUND"],
  ["has the executable in a folder", { packed: tarOf({ ...wanted, name: "bin/app" }) }, "BINARY_NOT_FOUND"],
  ["has the executable above itself", { packed: tarOf({ ...wanted, name: "../app" }) }, "BINARY_NOT_FOUND"],
  [
    "has the executable under an absolute name",
    { packed: tarOf({ ...wanted, name: "/app" }) },
    "BINARY_NOT_FOUND",
  ],
  ["has the executable in capitals", { packed: tarOf({ ...wanted, name: "APP" }) }, "BINARY_NOT_FOUND"],
  ["has two executables", { packed: tarOf(wanted, { name: "app", content: evil }) }, "ARCHIVE_INVALID"],
  [
    "has a link as executable",
    { packed: tarOf({ name: "app", type: "2", linkName: "/bin/sh" }) },
    "ARCHIVE_INVALID",
  ],
  [
    "has a hard link as executable",
    { packed: tarOf({ name: "app", type: "1", linkName: "README" }) },
    "ARCHIVE_INVALID",
  ],
  ["has a device as executable", { packed: tarOf({ name: "app", type: "3" }) }, "ARCHIVE_INVALID"],
  ["has a pipe as executable", { packed: tarOf({ name: "app", type: "6" }) }, "ARCHIVE_INVALID"],
  ["has a folder as executable", { packed: tarOf({ name: "app", type: "5" }) }, "ARCHIVE_INVALID"],
  [
    "has a link as executable in a zip",
    {
      format: "zip",
      packed: zip([{
        name: "app",
        content: new TextEncoder().encode("/bin/sh"),
        attributes: unixMode(0o120777),
      }]),
    },
    "ARCHIVE_INVALID",
  ],
  [
    "has two executables in a zip",
    { format: "zip", packed: zip([{ name: "app", content: APP }, { name: "app", content: evil }]) },
    "ARCHIVE_INVALID",
  ],
  ["is a zip that calls itself tar.gz", { packed: pack(APP, "zip") }, "ARCHIVE_INVALID"],
  ["is damaged gzip", { format: "gz", packed: pack(APP, "gz").slice(0, -4) }, "ARCHIVE_INVALID"],
  ["is damaged brotli", { format: "br", packed: pack(APP, "br").slice(0, -1) }, "ARCHIVE_INVALID"],
  ["is a raw executable of another digest than it should have", {
    format: "raw",
    asset: { binary: { path: "app", sha256: digest(evil), size: APP.length } },
  }, "DIGEST_MISMATCH"],
];

for (const [name, parts, code] of badReleases) {
  test(`downloadVerified() leaves nothing behind of a download that ${name}`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    await failsWith(place.staged(parts), code);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
  });
}

test("downloadVerified() takes the executable under the name that the manifest gives", async () => {
  const place = memoryPlace();
  const content = appProgram(NEW);
  const packed = tarGz({ name: "app", content: evil }, { name: "app-2.0.0/bin/tool", content });
  const binary = { path: "app-2.0.0/bin/tool", sha256: digest(content), size: content.length };
  assert.equal((await place.staged({ packed, asset: { binary } })).sha256, digest(content));
});

test("downloadVerified() never takes the permissions or owner of an archive", async () => {
  const place = memoryPlace();
  const packed = tarGz({ ...wanted, mode: 0o6777 });
  const staged = await place.staged({ packed });
  const info = await place.runtime.fs.stat(staged.path);
  assert.deepEqual([info?.mode, info?.uid], [0o755, 1000]);
});

test("T3: downloadVerified() takes nothing whose manifest has expired since the check", async () => {
  const place = memoryPlace();
  place.publish();
  const { options } = place;
  const update = await place.check();
  const before = place.folder();
  const now = place.runtime.now();
  for (const expires of [now, now - 1]) {
    await failsWith(downloadVerified({ ...update, expires }, options), "UNTRUSTED", { reason: "expired" });
  }
  assert.deepEqual(place.folder(), before);
  await (await downloadVerified({ ...update, expires: now + 1000 }, options)).discard();
});

test("downloadVerified() takes nothing from an unsigned manifest unless that is allowed", async () => {
  const place = memoryPlace();
  place.publish();
  const before = place.folder();
  const fetches = () => place.machine.operations.log.filter(({ name }) => name === "fetch").length;
  const update = await place.check();
  const count = fetches();
  const options = { runtime: place.runtime, app: "app" };
  await failsWith(downloadVerified(update, options), "UNTRUSTED", { reason: "unsigned" });
  await failsWith(downloadVerified(update, { ...options, allowUnsigned: false }), "UNTRUSTED");
  assert.equal(fetches(), count);
  assert.deepEqual(place.folder(), before);
});

test("downloadVerified() goes on with what an interrupted download has left", async () => {
  const place = memoryPlace();
  const packed = pack(APP, "tar.gz");
  place.publish();
  const update = await place.check();
  place.machine.put(place.state(`downloads/${digest(packed)}.part`), packed.slice(0, 50));
  const ranges: (string | null)[] = [];
  const fetch = (_: string, init: RequestInit) => {
    const range = new Headers(init.headers).get("range");
    ranges.push(range);
    const headers = { "content-range": `bytes 50-${packed.length - 1}/${packed.length}` };
    return Promise.resolve(
      new Response(packed.slice(50) as Uint8Array<ArrayBuffer>, { status: 206, headers }),
    );
  };
  const staged = await downloadVerified(update, { ...place.options, runtime: { ...place.runtime, fetch } });
  assert.deepEqual(ranges, ["bytes=50-"]);
  assert.equal(staged.sha256, digest(APP));
});

test("downloadVerified() keeps what has arrived when the connection breaks, and nothing beside the executable", async () => {
  const place = memoryPlace();
  const before = place.folder();
  place.publish();
  const packed = pack(APP, "tar.gz");
  const broken = () => {
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) return controller.error(new TypeError("connection reset"));
        sent = true;
        controller.enqueue(packed.slice(0, 60));
      },
    });
    return new Response(body, { headers: { "content-length": String(packed.length) } });
  };
  place.serve(`app-${NEW}.tar.gz`, broken);
  const update = await place.check();
  await failsWith(downloadVerified(update, place.options), "NETWORK");
  assert.deepEqual(place.folder(), before);
  assert.deepEqual(place.downloads().filter((name) => name.endsWith(".part")), [`${digest(packed)}.part`]);

  place.serve(`app-${NEW}.tar.gz`, packed);
  await downloadVerified(update, place.options);
  assert.deepEqual(place.downloads(), []);
});

test("downloadVerified() keeps a truncated download for the next try, but not one that was announced too short", async () => {
  const place = memoryPlace();
  const before = place.folder();
  const packed = pack(APP, "tar.gz");
  place.publish();
  const update = await place.check();
  place.serve(`app-${NEW}.tar.gz`, packed.slice(0, -9));
  await failsWith(downloadVerified(update, place.options), "NETWORK");
  assert(place.downloads().includes(`${digest(packed)}.part`));
  assert.deepEqual(place.folder(), before);

  const headers = { "content-length": String(packed.length - 9) };
  place.serve(
    `app-${NEW}.tar.gz`,
    () => new Response(packed.slice(0, -9) as Uint8Array<ArrayBuffer>, { headers }),
  );
  const other = memoryPlace();
  const options = { ...other.options, runtime: { ...other.runtime, fetch: place.runtime.fetch } };
  await failsWith(downloadVerified(update, options), "SIZE_MISMATCH", {
    expected: packed.length,
    actual: packed.length - 9,
  });
  assert.deepEqual(other.downloads(), []);
});

test("downloadVerified() takes the next address where the first one fails", async () => {
  const place = memoryPlace();
  const packed = pack(APP, "tar.gz");
  place.serve("mirror/app.tar.gz", packed);
  place.publish({ asset: { url: "nowhere.tar.gz", mirrors: ["mirror/app.tar.gz"] } });
  assert.equal((await downloadVerified(await place.check(), place.options)).sha256, digest(APP));
});

const localFiles: [name: string, content: Uint8Array | undefined, code: UpdateErrorCode][] = [
  ["is not there", undefined, "HTTP_STATUS"],
  ["is too short", pack(APP, "tar.gz").slice(1), "SIZE_MISMATCH"],
  ["is too long", joined(pack(APP, "tar.gz"), new Uint8Array(1)), "SIZE_MISMATCH"],
  ["has other bytes", pack(APP, "tar.gz").map((byte, i) => i === 20 ? byte ^ 1 : byte), "DIGEST_MISMATCH"],
];

for (const [name, content, code] of localFiles) {
  test(`downloadVerified() from a folder leaves nothing behind of a file that ${name}`, async () => {
    const place = memoryPlace();
    const before = place.folder();
    const made = release({ version: NEW, content: APP });
    place.machine.put("/srv/version-manifest.json", made.manifest);
    if (content !== undefined) place.machine.put(`/srv/${made.name}`, content);
    const update = await checkForUpdate("file:///srv/", place.options);
    await failsWith(downloadVerified(update!, place.options), code);
    assert.deepEqual(place.folder(), before);
    assert.deepEqual(place.downloads(), []);
    place.machine.put(`/srv/${made.name}`, made.packed);
    assert.equal((await downloadVerified(update!, place.options)).sha256, digest(APP));
  });
}

test("downloadVerified() reads no file of this machine for a manifest from elsewhere", async () => {
  const place = memoryPlace();
  const before = place.folder();
  place.machine.put("/srv/app.tar.gz", pack(APP, "tar.gz"));
  place.publish({ asset: { url: "file:///srv/app.tar.gz" } });
  await failsWith(downloadVerified(await place.check(), place.options), "ADDRESS_REFUSED");
  assert.deepEqual(place.folder(), before);
});

test("downloadVerified() removes downloads that nobody finished for a week", async () => {
  const place = memoryPlace({ now: Date.UTC(2026, 0, 1), clock: "manual" });
  place.machine.put(place.state("downloads/old.part"), "old");
  await place.machine.clock.advance(7 * 86_400_000 + 1);
  place.machine.put(place.state("downloads/young.part"), "young");
  place.machine.putFolder(place.state("downloads/folder"));
  await place.staged();
  assert.deepEqual(place.downloads(), ["folder", "young.part"]);
});

test("downloadVerified() reports its phases in order, and how far the download is", async () => {
  const place = memoryPlace();
  place.publish();
  const reports: Progress[] = [];
  const onProgress = (progress: Progress) => void reports.push(progress);
  await downloadVerified(await place.check(), { ...place.options, onProgress });
  const phases = reports.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
  assert.deepEqual(phases, ["downloading", "verifying", "verified", "extracting"]);
  const downloading = reports.filter(({ phase }) => phase === "downloading");
  const size = pack(APP, "tar.gz").length;
  assert.deepEqual(downloading.at(-1), {
    phase: "downloading",
    receivedBytes: size,
    totalBytes: size,
    bytesPerSecond: downloading.at(-1)!.bytesPerSecond,
  });
});

const phases: UpdatePhase[] = ["downloading", "verifying", "verified", "extracting"];

for (const phase of phases) {
  for (const how of ["is aborted", "has a callback that throws"] as const) {
    test(`downloadVerified() leaves nothing beside the executable when it ${how} at "${phase}"`, async () => {
      const place = memoryPlace();
      const before = place.folder();
      place.publish();
      const abort = new AbortController();
      const reason = new Error("enough");
      const onProgress = (progress: Progress) => {
        if (progress.phase !== phase) return;
        if (how === "has a callback that throws") throw reason;
        abort.abort(reason);
      };
      const options = { ...place.options, signal: abort.signal, onProgress };
      await assert.rejects(downloadVerified(await place.check(), options), (error) => error === reason);
      assert.deepEqual(place.folder(), before);
      // A later try ends well, whatever was kept.
      assert.equal((await downloadVerified(await place.check(), place.options)).sha256, digest(APP));
    });
  }
}

test("downloadVerified() does nothing at all when it was aborted before", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const count = place.machine.operations.log.length;
  const signal = AbortSignal.abort("never mind");
  await assert.rejects(
    downloadVerified(update, { ...place.options, signal }),
    (error) => error === "never mind",
  );
  assert.equal(place.machine.operations.log.length, count);
});

test("downloadVerified() says that the folder cannot be written before it downloads anything", async () => {
  const place = memoryPlace({ mode: 0o755 });
  place.machine.putFolder("/opt/app", { mode: 0o555 });
  await refusesBeforeDownload(place, "NOT_WRITABLE");
});

test("downloadVerified() says that the file system is read-only before it downloads anything", async () => {
  const place = memoryPlace({ devices: [{ path: "/opt", isReadOnly: true }] });
  await refusesBeforeDownload(place, "NOT_WRITABLE");
});

test("downloadVerified() says that the state folder cannot be written", async () => {
  const place = memoryPlace();
  const before = place.folder();
  place.machine.putFolder(place.state("downloads"), { mode: 0o555 });
  await failsWith(place.staged(), "NOT_WRITABLE");
  assert.deepEqual(place.folder(), before);
});

test("downloadVerified() says that there is no executable", async () => {
  const place = memoryPlace();
  place.publish();
  const executable = place.beside("other");
  const downloading = downloadVerified(await place.check(), { ...place.options, executable });
  await failsWith(downloading, "REPLACE_FAILED", { path: executable });
});

const fullDisks: [name: string, options: Parameters<typeof memoryPlace>[0], format: ArchiveFormat][] = [
  ["of the state folder, while downloading", { devices: [{ path: "/home", capacity: 100 }] }, "raw"],
  ["of the executable, while unpacking", { devices: [{ path: "/opt", capacity: 700 }] }, "tar.gz"],
  ["of the executable, while copying", { devices: [{ path: "/opt", capacity: 700 }] }, "raw"],
];

for (const [name, options, format] of fullDisks) {
  test(`downloadVerified() leaves nothing beside the executable when the disk ${name}, is full`, async () => {
    const place = memoryPlace(options);
    const before = place.folder();
    // Too large for what is left, and hard to compress.
    const noise = Uint8Array.from({ length: 600 }, (_, i) => (i * i * 31 + i) % 251);
    const content = joined(APP, noise);
    const error = await failsWith(place.staged({ format, content }), "DISK_FULL");
    assert.match(error.message, /make room|free/);
    assert.deepEqual(place.folder(), before);
  });
}

for (const [folder, free] of [["/home/user/.local/state/app/downloads", 20], ["/opt/app", 21]] as const) {
  test(`downloadVerified() asks for no file when there is no room for it in ${folder}`, async () => {
    const place = memoryPlace();
    place.publish({ format: "raw" });
    const update = await place.check();
    let asked = 0;
    place.serve(new URL(update.asset.urls[0]!).pathname.slice(1), () => {
      asked++;
      return new Response(APP as Uint8Array<ArrayBuffer>);
    });
    const freeSpace = (path: string) => Promise.resolve(path === folder ? free : 1e9);
    Object.assign(place.runtime.fs, { freeSpace });
    const pending = downloadVerified(update, place.options);
    const { details, message } = await failsWith(pending, "DISK_FULL");
    const { size } = update.asset;
    assert(size !== undefined && size > free);
    assert.deepEqual(details, { path: folder, needed: size, available: free });
    assert.match(message, new RegExp(`${folder}: ${size} bytes are needed, ${free} are free; make room`));
    assert.equal(asked, 0);
    assert.deepEqual(place.downloads(), []);
    assert.deepEqual(Object.keys(place.folder()), ["app"]);
  });
}

test("downloadVerified() of two at once lets one go on and tells the other who it is", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const other = place.machine.start({ execPath: place.executable });
  const results = await Promise.allSettled([
    downloadVerified(update, place.options),
    downloadVerified(update, { ...place.options, runtime: other }),
    downloadVerified(update, place.options),
  ]);
  const failed = results.filter((result) => result.status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual(failed, ["UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"]);
  const done = results.find((result) => result.status === "fulfilled");
  assert.equal((await atomicReplace(done!.value, place.options)).outcome, "updated");
});

test("downloadVerified() names the process that updates at the moment", async () => {
  const place = memoryPlace();
  const staged = await place.staged();
  const other = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime: other };
  const error = await failsWith(downloadVerified(await place.check(), options), "UPDATE_IN_PROGRESS", {
    pid: place.runtime.pid,
    record: place.beside(".app.update.json"),
  });
  assert.match(error.message, new RegExp(`process ${place.runtime.pid} is updating`));
  await staged.discard();
  await (await downloadVerified(await place.check(), options)).discard();
});

test("downloadVerified() does not install again what another process has installed since the check", async () => {
  const place = memoryPlace();
  place.publish();
  const update = await place.check();
  const other = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime: other };
  assert.equal(
    (await atomicReplace(await downloadVerified(update, options), options)).outcome,
    "updated",
  );
  const after = place.folder();
  const error = await failsWith(downloadVerified(update, place.options), "UPDATE_IN_PROGRESS");
  assert.match(error.message, /another process has updated .* meanwhile; start the program again$/);
  assert.deepEqual(place.folder(), after, "the backup is still the version before");
});

test("downloadVerified() ends what a dead process has left before it begins", async () => {
  const place = memoryPlace();
  const before = place.folder();
  await place.staged();
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable });
  const options = { ...place.options, runtime };
  const update = { ...await memoryPlace().staged().then(({ update }) => update) };
  await (await downloadVerified(update, options)).discard();
  assert.deepEqual(place.folder(), before);
});

// Every single operation of a download fails once, in every way that a disk fails.
for (const format of ["raw", "tar.gz"] as const) {
  for (const kind of ["denied", "full", "other"] as const) {
    test(`downloadVerified() of a ${format} file survives every operation that fails with "${kind}"`, async () => {
      const place = memoryPlace();
      place.publish({ format });
      const update = await place.check();
      const first = place.machine.operations.log.length;
      await downloadVerified(update, place.options);
      const count = operations(place, first).length;
      assert(count > 40, String(count));
      for (let index = 0; index < count; index++) await failAt(index, format, kind);
    });
  }
}

function operations({ machine }: MemoryPlace, first: number): readonly MemoryOperation[] {
  return machine.operations.log.slice(first);
}

async function failAt(
  index: number,
  format: ArchiveFormat,
  kind: "denied" | "full" | "other",
): Promise<void> {
  const place = memoryPlace();
  const before = place.folder();
  place.publish({ format });
  const update = await place.check();
  const first = place.machine.operations.log.length;
  let failed: MemoryOperation | undefined;
  const end = place.machine.operations.fail(kind, (operation) => {
    // What HTTP does is another test's business.
    if (operation.index !== first + index || operation.name === "fetch") return false;
    failed = operation;
    return true;
  });
  const outcome = await downloadVerified(update, place.options).then(
    (staged) => {
      end();
      return staged.discard().then(() => "staged");
    },
    (error) => error.code ?? `not translated: ${error}`,
  );
  end();
  const where = `${failed?.name} ${failed?.path} failed, the outcome was ${outcome}`;
  assert.match(
    outcome,
    /^(staged|NOT_WRITABLE|DISK_FULL|REPLACE_FAILED|UNSAFE_DIRECTORY|PRIVILEGED_TARGET)$/,
    where,
  );
  assert.equal(place.folder()["app"], before["app"], where);
  // What could not be removed then is removed at the next start.
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable, pid: 200 });
  await (await downloadVerified(update, { ...place.options, runtime })).discard();
  assert.deepEqual(place.folder(), before, where);
}

async function refusesBeforeDownload(
  place: MemoryPlace,
  code: UpdateErrorCode,
  options: Partial<DownloadVerifiedOptions> = {},
): Promise<void> {
  place.publish();
  const update = await place.check();
  const before = place.folder();
  const count = place.machine.operations.log.length;
  await failsWith(downloadVerified(update, { ...place.options, ...options }), code);
  assert(operations(place, count).every(({ name }) => name !== "fetch"));
  assert.deepEqual(place.folder(), before);
}
