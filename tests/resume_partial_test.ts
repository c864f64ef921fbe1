import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { download } from "../src/resume.ts";
import {
  CONTENT,
  type DownloadCase,
  downloadTests,
  ETAG,
  from,
  HALF,
  leave,
  OTHER,
  randomBytes,
  requestFor,
  SIZE,
} from "./support/download_case.ts";
import { failsWith } from "./support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

downloadTests([
  {
    title: "a part of an earlier process",
    part: HALF,
    outcome: "done",
    ranges: [from(150_000)],
    transferred: 150_000,
  },
  { title: "a complete part", part: CONTENT, outcome: "done", ranges: [], transferred: 0 },
  {
    title: "a complete part of unknown size, which the server confirms with 416",
    part: CONTENT,
    unknown: ["size"],
    outcome: "done",
    ranges: [from(SIZE)],
    transferred: 0,
  },
  {
    title: "a part that is too long",
    part: randomBytes(SIZE + 1, 3),
    outcome: "done",
    ranges: ["-"],
    transferred: SIZE,
  },
  {
    title: "a part as long as the file with other bytes",
    part: OTHER,
    outcome: "done",
    ranges: ["-"],
    transferred: SIZE,
  },
  {
    title: "a damaged part",
    part: OTHER.subarray(0, 150_000),
    outcome: "done",
    ranges: [from(150_000), "-"],
    transferred: 450_000,
  },
  {
    title: "a part with a damaged note, continued without If-Range",
    part: HALF,
    note: "{",
    outcome: "done",
    ranges: [from(150_000)],
    transferred: 150_000,
  },
  {
    title: "a part with a note of the wrong shape",
    part: HALF,
    note: '{"etags":{"a":1}}',
    outcome: "done",
    ranges: [from(150_000)],
    transferred: 150_000,
  },
  {
    title: "a part that nothing binds to the file",
    part: HALF,
    note: "",
    unknown: ["sha256"],
    outcome: "done",
    ranges: ["-"],
    transferred: SIZE,
  },
  {
    title: "a part of unknown digest, bound by the ETag",
    part: HALF,
    unknown: ["sha256", "size"],
    outcome: "done",
    ranges: [from(150_000)],
    transferred: 150_000,
  },
  {
    title: "one wrong byte in what an earlier process left",
    part: HALF.map((byte, index) => index === 1000 ? byte ^ 1 : byte),
    outcome: "done",
    ranges: [from(150_000), "-"],
    transferred: 450_000,
  },
]);

serverTest("download() sends If-Range with the ETag noted for that source", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = server.serve("/app", CONTENT);
    const path = join(folder, "part");
    await leave(path, { part: HALF } as DownloadCase, url);
    const { runtime } = wireRuntime();
    await download(runtime, requestFor([`${url}?signature=canary`], path));
    assert.equal(server.requests[0]?.headers.get("if-range"), ETAG);
  });
});

serverTest("download() notes the ETag without the address's query (T32)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = server.serve("/app", CONTENT);
    const path = join(folder, "part");
    server.fault("/app", { kind: "cut", after: 100_000 });
    server.fault("/app", { kind: "status", status: 404 });
    const { runtime } = wireRuntime();
    await failsWith(download(runtime, requestFor([`${url}?signature=canary`], path)), "HTTP_STATUS");
    assert.deepEqual(JSON.parse(await readFile(`${path}.json`, "utf8")), { etags: { [url]: ETAG } });
  });
});

serverTest(
  "download() replaces a link at its path and leaves the link's target alone (T24)",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = server.serve("/app", CONTENT);
      await mkdir(join(folder, "other"));
      const canary = join(folder, "other", "canary");
      await writeFile(canary, "canary");
      const path = join(folder, "part");
      await symlink(canary, path);
      const { runtime } = wireRuntime();
      await download(runtime, requestFor([url], path));
      assert.equal(await readFile(canary, "utf8"), "canary");
      assert((await stat(path)).size === SIZE);
    });
  },
);
