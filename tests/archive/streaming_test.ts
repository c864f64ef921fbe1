import assert from "node:assert/strict";
import { test } from "node:test";
import { extractFile } from "../../src/archive.ts";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import type { ByteSource } from "../../src/digest.ts";
import { isUpdateError } from "../../src/errors.ts";
import { READ_CHUNK_BYTES } from "../../src/limits.ts";
import { ENTRY } from "../support/attack.ts";
import { bytesOf, sourceOf } from "../support/byte_source.ts";
import { packed } from "../support/packed.ts";
import { zip } from "../support/zip_archive.ts";

const OPTIONS = { entry: ENTRY, archive: "cco-v1.2.3.tar.gz" };
const FORMATS: readonly ArchiveFormat[] = ["tar.gz", "zip", "gz", "br", "raw"];
const LARGE_BYTES = 8 * READ_CHUNK_BYTES;
const LARGE = new Map<ArchiveFormat, Uint8Array>();
/** One chunk being decompressed, one read, one on its way; and a zip file's directory. */
const READ_AHEAD = 4 * READ_CHUNK_BYTES;

for (const format of FORMATS) {
  test(`extractFile() of a ${format} passes on a failure to read, whatever it is and whenever it comes`, async () => {
    const bytes = large(format);
    for (const reason of [new Error("disk on fire"), undefined]) {
      for (const border of [0, 1, 2, 3].map((reads) => reads * READ_CHUNK_BYTES)) {
        const broken = { size: 0, readAt: () => Promise.reject(reason) };
        const source = {
          size: bytes.length,
          readAt: readBoth(broken, sourceOf(bytes), border, bytes.length - 200),
        };
        assert.equal(await failure(source, { ...OPTIONS, format, maxBytes: LARGE_BYTES }), reason);
      }
    }
  });

  test(`extractFile() of a ${format} stops at an abort between two chunks`, async () => {
    const stop = new AbortController();
    const options = { ...OPTIONS, format, maxBytes: LARGE_BYTES, signal: stop.signal };
    const chunks = extractFile(sourceOf(large(format)), options);
    assert.equal((await chunks.next()).done, false);
    stop.abort("enough");
    const error = await bytesOf(chunks).then(() => assert.fail("it went on"), (error: unknown) => error);
    assert.equal(error, "enough");
  });

  test(`extractFile() of a ${format} reads nothing more once its loop was left`, async () => {
    const { source, underWay, read } = watched(sourceOf(large(format)));
    for await (const chunk of extractFile(source, { ...OPTIONS, format, maxBytes: LARGE_BYTES })) {
      assert(chunk.length > 0);
      break;
    }
    assert.equal(underWay(), 0);
    const before = read();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(read(), before);
    assert(before <= READ_AHEAD, `${before} bytes read for one chunk`);
  });
}

test("extractFile() reads a tar.gz at the pace at which its file is used", async () => {
  const { source, read } = watched(sourceOf(large("tar.gz")));
  let used = 0;
  for await (const chunk of extractFile(source, { ...OPTIONS, format: "tar.gz", maxBytes: LARGE_BYTES })) {
    used += chunk.length;
    const ahead = read() - used;
    assert(ahead <= READ_AHEAD, `${ahead} bytes read ahead`);
  }
  assert.equal(used, LARGE_BYTES);
});

test("extractFile() refuses a zip file that became shorter while it was read", async () => {
  const bytes = zip([{ name: ENTRY, method: 0, content: noise(3 * READ_CHUNK_BYTES) }]);
  const half = sourceOf(bytes.subarray(0, 2 * READ_CHUNK_BYTES));
  for (const end of [half.size + 100, bytes.length - 200]) {
    const source = { size: bytes.length, readAt: readBoth(half, sourceOf(bytes), 0, end) };
    const error = await failure(source, { ...OPTIONS, format: "zip", maxBytes: bytes.length });
    assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
    assert.match(error.message, /zip data is truncated/);
  }
});

async function failure(source: ByteSource, options: Parameters<typeof extractFile>[1]): Promise<unknown> {
  return await bytesOf(extractFile(source, options)).then(
    () => assert.fail("it succeeded"),
    (error) => error,
  );
}

/** {@link LARGE_BYTES} in a format, packed once. */
function large(format: ArchiveFormat): Uint8Array {
  const archive = LARGE.get(format) ?? packed(format, noise(LARGE_BYTES));
  LARGE.set(format, archive);
  return archive;
}

/** Bytes that no compression makes smaller, so that what was read tells what was used. */
function noise(size: number): Uint8Array {
  const words = new Uint32Array(size / 4);
  let state = 1;
  for (let i = 0; i < words.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer);
}

/** Tells how many bytes were read, and how many reads have not ended. */
function watched(source: ByteSource): { source: ByteSource; read: () => number; underWay: () => number } {
  let read = 0;
  let underWay = 0;
  const readAt: ByteSource["readAt"] = async (offset, into) => {
    underWay++;
    await new Promise((resolve) => setTimeout(resolve));
    const count = await source.readAt(offset, into);
    underWay--;
    read += count;
    return count;
  };
  return { source: { size: source.size, readAt }, read: () => read, underWay: () => underWay };
}

/** Reads from the first source between two offsets, and from the second one elsewhere. */
function readBoth(first: ByteSource, second: ByteSource, start: number, end: number): ByteSource["readAt"] {
  return (offset, into) => (offset >= start && offset < end ? first : second).readAt(offset, into);
}
