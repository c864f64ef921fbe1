import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../src/errors.ts";
import { download } from "../src/resume.ts";
import { CONTENT, requestFor, SHA256, SIZE } from "./support/download_case.ts";
import { failsWith } from "./support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "./support/server_test.ts";
import { wireRuntime } from "./support/wire_runtime.ts";

const diskFailures = [["full", "DISK_FULL"], ["denied", "NOT_WRITABLE"], [
  "read-only",
  "NOT_WRITABLE",
]] as const;

for (const [kind, code] of diskFailures) {
  serverTest(`download() fails with ${code} when writing fails as ${kind}`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = server.serve("/app", CONTENT);
      const { runtime, clock } = wireRuntime();
      const fs: typeof runtime.fs = {
        ...runtime.fs,
        freeSpace: () => Promise.resolve(12),
        open: async (path, mode) => {
          const file = await runtime.fs.open(path, mode);
          return Object.assign(Object.create(file), {
            stat: () => file.stat(),
            readAt: (offset: number, into: Uint8Array) => file.readAt(offset, into),
            close: () => file.close(),
            append: path.endsWith(".part")
              ? () => {
                throw new FileError(kind, "append", path);
              }
              : (bytes: Uint8Array) => file.append(bytes),
            sync: () => file.sync(),
          });
        },
      };
      const path = join(folder, "app.part");
      const { details, message } = await failsWith(
        download({ ...runtime, fs }, requestFor([url], path)),
        code,
      );
      assert.equal(details.path, folder);
      assert(message.includes(folder), message);
      if ("needed" in details) assert.deepEqual([details.needed, details.available], [SIZE, 12]);
      assert.equal(server.requests.length, 1);
      assert.deepEqual(clock.pauses(), []);
    });
  });
}

serverTest(
  "download() keeps what arrived before the disk was full, and continues there",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = server.serve("/app", CONTENT);
      const { runtime } = wireRuntime();
      const path = join(folder, "app.part");
      const part = Math.floor(SIZE / 3);
      await writeFile(path, CONTENT.subarray(0, part));
      let room = part;
      const fs: typeof runtime.fs = {
        ...runtime.fs,
        freeSpace: () => Promise.resolve(room),
        open: async (name, mode) => {
          const file = await runtime.fs.open(name, mode);
          if (name !== path) return file;
          return {
            stat: () => file.stat(),
            readAt: (offset, into) => file.readAt(offset, into),
            truncate: (size) => file.truncate(size),
            sync: () => file.sync(),
            close: () => file.close(),
            append(bytes) {
              // As the system does it: what fits is written, then the error comes.
              const fitting = bytes.subarray(0, room);
              room -= fitting.length;
              file.append(fitting);
              if (fitting.length < bytes.length) throw new FileError("full", "append", path);
            },
          };
        },
      };
      const { details } = await failsWith(download({ ...runtime, fs }, requestFor([url], path)), "DISK_FULL");
      assert.deepEqual(details, { path: folder, needed: SIZE, available: 0 });
      const kept = (await stat(path)).size;
      assert.equal(kept, 2 * part);
      const done = await download(runtime, requestFor([url], path));
      assert.deepEqual([done.sha256, done.transferredBytes], [SHA256, SIZE - kept]);
    });
  },
);
