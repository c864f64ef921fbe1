import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { download } from "../src/resume.ts";
import { CONTENT, downloadTests, requestFor, SIZE } from "./support/download_case.ts";
import { failsWith } from "./support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

downloadTests([
  { title: "a whole file", outcome: "done", ranges: ["-"], transferred: SIZE },
  { title: "a file of unknown size", unknown: ["size"], outcome: "done", ranges: ["-"], transferred: SIZE },
  { title: "a file of unknown digest", unknown: ["sha256"], outcome: "done", ranges: ["-"] },
  {
    title: "a file of which nothing is known, of no declared length",
    unknown: ["size", "sha256"],
    faults: [{ kind: "length", value: undefined }],
    outcome: "done",
    ranges: ["-"],
  },
]);

serverTest("download() of an empty file asks nobody", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const { runtime } = wireRuntime();
    const sha256 = createHash("sha256").digest("hex");
    const urls = [server.serve("/app", "")];
    const request = { urls, path: join(folder, "part"), size: 0, sha256, maxBytes: 10 };
    assert.equal((await download(runtime, request)).sha256, sha256);
    assert.equal((await download(runtime, { ...request, size: undefined })).size, 0);
    assert.deepEqual(server.requests.map(({ status }) => status), [200]);
  });
});

serverTest("download() that is aborted keeps what has arrived, for the next one", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = server.serve("/app", CONTENT);
    server.fault("/app", { kind: "stall", after: 100_000 });
    const path = join(folder, "part");
    const { runtime, clock } = wireRuntime();
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = (bytes: number) => bytes === 100_000 && controller.abort(reason);
    const pending = download(runtime, requestFor([url], path), {
      signal: controller.signal,
      onProgress: (bytes) => void onProgress(bytes),
    });
    await assert.rejects(pending, (error) => error === reason);
    assert.deepEqual(clock.pauses(), []);
    assert.equal((await stat(path)).size, 100_000);
    assert.equal((await download(runtime, requestFor([url], path))).transferredBytes, 200_000);
  });
});

serverTest("download() ends with what onProgress throws, and keeps what has arrived", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = server.serve("/app", CONTENT);
    const path = join(folder, "part");
    const { runtime, clock } = wireRuntime();
    const reason = new Error("no more");
    const onProgress = (bytes: number): void => {
      if (bytes > 0) throw reason;
    };
    await assert.rejects(
      download(runtime, requestFor([url], path), { onProgress }),
      (error) => error === reason,
    );
    assert.deepEqual(clock.pauses(), []);
    assert((await stat(path)).size > 0);
  });
});

serverTest("download() notices that somebody else writes to its file", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = server.serve("/app", CONTENT);
    const path = join(folder, "part");
    const { runtime } = wireRuntime();
    const onProgress = (bytes: number): void => {
      if (bytes === SIZE) appendFileSync(path, "x");
    };
    const { details } = await failsWith(
      download(runtime, requestFor([url], path), { onProgress }),
      "DIGEST_MISMATCH",
    );
    assert.match(details.actual, /another process writes/);
  });
});

test("download() refuses a size beyond the cap and an empty list without asking anybody", async () => {
  const { runtime } = wireRuntime();
  const request = { urls: ["https://one.example/"], path: "/nowhere/part", size: 11, maxBytes: 10 };
  await failsWith(download(runtime, request), "TOO_LARGE", { limit: 10 });
  await assert.rejects(download(runtime, { ...request, urls: [] }), RangeError);
});
