import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fetchBytes } from "../../../src/http.ts";
import { download } from "../../../src/resume.ts";
import { systemRuntime } from "../../../src/runtime/default.ts";
import { failsWith } from "../../support/fails_with.ts";
import { CONTENT, peerTest, SHA256 } from "../support/peer_case.ts";
import { startNginx } from "../support/peers.ts";

peerTest("nginx: a part is continued with Range and If-Range", ["nginx"], async (folder, keep) => {
  const { port } = await keep(startNginx(folder));
  const runtime = systemRuntime();
  const urls = [`http://127.0.0.1:${port}/app`];
  const path = join(folder, "part");
  const request = { urls, path, size: CONTENT.length, sha256: SHA256, maxBytes: 1e9 };
  const controller = new AbortController();
  const onProgress = (bytes: number): void => void (bytes > 100_000 && controller.abort("enough"));
  await assert.rejects(download(runtime, request, { signal: controller.signal, onProgress }));
  const { length } = await readFile(path);
  assert(length > 100_000 && length < CONTENT.length);
  const done = await download(runtime, request);
  assert.deepEqual([done.sha256, done.transferredBytes], [SHA256, CONTENT.length - length]);
});

peerTest("nginx: a changed file is fetched anew", ["nginx"], async (folder, keep) => {
  const { port } = await keep(startNginx(folder));
  const url = `http://127.0.0.1:${port}/app`;
  const path = join(folder, "part");
  await writeFile(path, randomBytes(100_000));
  await writeFile(`${path}.json`, JSON.stringify({ etags: { [url]: '"old"' } }));
  const request = { urls: [url], path, size: CONTENT.length, sha256: SHA256, maxBytes: 1e9 };
  const done = await download(systemRuntime(), request);
  assert.deepEqual([done.sha256, done.transferredBytes], [SHA256, CONTENT.length]);
});

peerTest(
  "nginx: nothing comes compressed unless it insists, a pause and a missing token are told (T6)",
  ["nginx"],
  async (folder, keep) => {
    const { port } = await keep(startNginx(folder));
    const origin = `http://127.0.0.1:${port}`;
    await writeFile(join(folder, "www", "manifest.json"), "x".repeat(10_000));
    const runtime = systemRuntime();
    const options = { maxBytes: 1e7, what: "manifest" };
    const { bytes, headers } = await fetchBytes(runtime, `${origin}/manifest.json`, options);
    assert.deepEqual([bytes.length, headers.get("content-encoding")], [10_000, null]);
    await writeFile(join(folder, "www", "manifest.json.gz"), gzipSync("y".repeat(20_000)));
    const unasked = await fetchBytes(runtime, `${origin}/manifest.json`, options);
    assert.equal(new TextDecoder().decode(unasked.bytes), "y".repeat(20_000));
    await failsWith(
      fetchBytes(runtime, `${origin}/manifest.json`, { ...options, maxBytes: 19_999 }),
      "TOO_LARGE",
    );
    await failsWith(fetchBytes(runtime, `${origin}/busy/`, options), "RATE_LIMITED");
    await failsWith(fetchBytes(runtime, `${origin}/private/app`, options), "HTTP_STATUS", { status: 401 });
    const token = [{ origin, value: "Bearer canary-token" }];
    assert.equal(
      (await fetchBytes(runtime, `${origin}/private/app`, { ...options, token })).bytes.length,
      CONTENT.length,
    );
  },
);
