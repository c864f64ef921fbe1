import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { download } from "../../src/resume.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { wireRuntime } from "../support/wire_runtime.ts";

const SIZE = 100_000_000;
const CUTS = 20;

const mirrors: [title: string, paths: string[]][] = [
  ["one source", ["/app"]],
  ["a second mirror, the first one being gone for good", ["/gone", "/app"]],
  ["two mirrors in turn", ["/app", "/other"]],
];
for (const [title, paths] of mirrors) {
  const name =
    `a 100 MB download that is cut ${CUTS} times at random offsets transfers at most 1 % more: ${title}`;
  serverTest(name, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const content = randomBytes(SIZE);
      const sha256 = createHash("sha256").update(content).digest("hex");
      for (const path of paths) if (path !== "/gone") server.serve(path, content);
      const offsets = Array.from({ length: CUTS }, () => Math.floor(Math.random() * SIZE)).sort((a, b) =>
        a - b
      );
      offsets.forEach((offset, index) => {
        const after = offset - (offsets[index - 1] ?? 0);
        server.fault(paths.includes("/gone") ? "/app" : "*", { kind: "cut", after });
        // Two mirrors in turn: the one that broke is down for a moment, so that the other one has to go on.
        if (paths.includes("/other")) server.fault("*", { kind: "status", status: 503 });
      });
      const { runtime } = wireRuntime();
      const urls = paths.map((path) => server.url + path);
      const request = { urls, path: join(folder, "app.part"), size: SIZE, sha256, maxBytes: SIZE };
      const done = await download(runtime, request, { retries: 100 });
      const bodies = server.requests.filter(({ status }) => status < 300);
      const sent = bodies.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
      assert.equal(done.sha256, sha256);
      assert.equal(bodies.length, CUTS + 1, `cut at ${offsets}`);
      assert.deepEqual(new Set(server.requests.map(({ path }) => path)), new Set(paths));
      assert(sent <= SIZE * 1.01, `${sent} bytes were sent; cut at ${offsets}`);
      assert(done.transferredBytes <= SIZE * 1.01, `${done.transferredBytes} bytes were received`);
    });
  });
}
