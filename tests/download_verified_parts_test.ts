import assert from "node:assert/strict";
import { test } from "node:test";
import { downloadVerified } from "../src/download_verified.ts";
import { failsWith } from "./support/fails_with.ts";
import { APP, memoryPlace, NEW } from "./support/memory_place.ts";
import { digest, pack } from "./support/release.ts";

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

test("downloadVerified() removes downloads that nobody finished for a week", async () => {
  const place = memoryPlace({ now: Date.UTC(2026, 0, 1), clock: "manual" });
  place.machine.put(place.state("downloads/old.part"), "old");
  await place.machine.clock.advance(7 * 86_400_000 + 1);
  place.machine.put(place.state("downloads/young.part"), "young");
  place.machine.putFolder(place.state("downloads/folder"));
  await place.staged();
  assert.deepEqual(place.downloads(), ["folder", "young.part"]);
});
