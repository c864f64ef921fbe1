import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type ArchiveFormat, extractFile, formatOf } from "../src/archive.ts";
import type { ByteSource } from "../src/digest.ts";
import { isUpdateError } from "../src/errors.ts";
import { READ_CHUNK_BYTES } from "../src/limits.ts";
import { ENTRY, MAX_BYTES, OTHER, PAYLOAD } from "./support/attack.ts";
import { bytesOf, sourceOf } from "./support/byte_source.ts";
import { joined, tarGz } from "./support/tar_archive.ts";
import { zip } from "./support/zip_archive.ts";

const OPTIONS = { entry: ENTRY, maxBytes: MAX_BYTES, archive: "cco-v1.2.3.tar.gz" };
const WANTED = { name: ENTRY, content: PAYLOAD };
const BROTLI = new Uint8Array(brotliCompressSync(PAYLOAD));

const PACKED: Readonly<Record<ArchiveFormat, Uint8Array>> = {
  "tar.gz": tarGz(WANTED),
  "zip": zip([WANTED]),
  "gz": new Uint8Array(gzipSync(PAYLOAD)),
  "br": BROTLI,
  "raw": PAYLOAD,
};
const FORMATS = Object.keys(PACKED) as ArchiveFormat[];

const NAMES: readonly (readonly [string, ArchiveFormat])[] = [
  ["cco-v2025.11.2-linux-x86_64.tar.gz", "tar.gz"],
  ["cco.TGZ", "tar.gz"],
  ["/download/cco-v2025.11.2-windows-x86_64.ZIP", "zip"],
  ["cco-linux.gz", "gz"],
  ["cco-linux.br", "br"],
  ["cco-v2025.11.2-linux-x86_64", "raw"],
  ["cco.exe", "raw"],
  ["zip", "raw"],
];

for (const [name, format] of NAMES) {
  test(`formatOf() takes ${name} for ${format}`, () => assert.equal(formatOf(name), format));
}

for (const format of FORMATS) {
  const packed = PACKED[format];

  test(`extractFile() gives the bytes of a ${format}`, async () => {
    assert.deepEqual(await bytesOf(extractFile(sourceOf(packed), { ...OPTIONS, format })), PAYLOAD);
  });

  test(`extractFile() gives the bytes of a ${format} that is read one byte at a time`, async () => {
    assert.deepEqual(await bytesOf(extractFile(sourceOf(packed, 1), { ...OPTIONS, format })), PAYLOAD);
  });

  test(`extractFile() of a ${format} accepts exactly maxBytes and not one less`, async () => {
    const exact = { ...OPTIONS, format, maxBytes: PAYLOAD.length };
    assert.deepEqual(await bytesOf(extractFile(sourceOf(packed), exact)), PAYLOAD);
    const error = await failure(sourceOf(packed), { ...exact, maxBytes: PAYLOAD.length - 1 });
    assert(isUpdateError(error) && error.code === "TOO_LARGE");
    assert.deepEqual(error.details, { what: ENTRY, limit: PAYLOAD.length - 1, source: OPTIONS.archive });
  });

  test(`extractFile() of a ${format} passes on a failure to read, whatever it is`, async () => {
    for (const reason of [new Error("disk on fire"), undefined]) {
      const broken = { size: packed.length, readAt: () => Promise.reject(reason) };
      assert.equal(await failure(broken, { ...OPTIONS, format }), reason);
    }
  });

  test(`extractFile() of a ${format} rejects with the signal's reason`, async () => {
    const reason = { stop: "please" };
    const signal = AbortSignal.abort(reason);
    assert.equal(await failure(sourceOf(packed), { ...OPTIONS, format, signal }), reason);
  });

  test(`extractFile() of a ${format} stops at an abort between two chunks`, async () => {
    const content = noise(8 * READ_CHUNK_BYTES);
    const stop = new AbortController();
    const options = { ...OPTIONS, format, maxBytes: content.length, signal: stop.signal };
    const chunks = extractFile(sourceOf(pack(format, content)), options);
    assert.equal((await chunks.next()).done, false);
    stop.abort("enough");
    const error = await bytesOf(chunks).then(() => assert.fail("it went on"), (error: unknown) => error);
    assert.equal(error, "enough");
  });

  test(`extractFile() of a ${format} reads nothing more once its loop was left`, async () => {
    const content = noise(8 * READ_CHUNK_BYTES);
    const { source, underWay, reads } = watched(sourceOf(pack(format, content)));
    for await (const chunk of extractFile(source, { ...OPTIONS, format, maxBytes: content.length })) {
      assert(chunk.length > 0);
      break;
    }
    assert.equal(underWay(), 0);
    const before = reads();
    await new Promise((resolve) => setTimeout(resolve));
    assert.equal(reads(), before);
    assert(before < 8, `${before} reads for one chunk`);
  });
}

test("extractFile() reads a tar.gz at the pace at which its file is used", async () => {
  const content = noise(16 * READ_CHUNK_BYTES);
  const { source, reads } = watched(sourceOf(tarGz({ name: ENTRY, content })));
  let used = 0;
  for await (const chunk of extractFile(source, { ...OPTIONS, format: "tar.gz", maxBytes: content.length })) {
    used += chunk.length;
    const ahead = reads() * READ_CHUNK_BYTES - used;
    assert(ahead <= 4 * READ_CHUNK_BYTES, `${ahead} bytes read ahead`);
  }
  assert.equal(used, content.length);
});

test("extractFile() gives no bytes for an empty file", async () => {
  for (const format of FORMATS) {
    const source = sourceOf(pack(format, new Uint8Array(0)));
    assert.equal((await bytesOf(extractFile(source, { ...OPTIONS, format }))).length, 0, format);
  }
});

test("extractFile() finds the same entry with and without ./ in what is asked for", async () => {
  for (const entry of ["cco", "./cco", "././cco"]) {
    const options = { ...OPTIONS, entry, format: "zip" } as const;
    assert.deepEqual(await bytesOf(extractFile(sourceOf(PACKED["zip"]), options)), PAYLOAD);
  }
});

test("extractFile() finds a file in a folder by its full name, also one that is not ASCII", async () => {
  for (const entry of ["cco-v1/cco", "größe/çco", `${"long/".repeat(19)}cco`]) {
    const others = [{ name: "cco", content: OTHER }, { name: `${entry}2`, content: OTHER }];
    const wanted = { name: entry, content: PAYLOAD };
    const options = { ...OPTIONS, entry };
    const fromTar = extractFile(sourceOf(tarGz(...others, wanted)), { ...options, format: "tar.gz" });
    assert.deepEqual(await bytesOf(fromTar), PAYLOAD);
    const fromZip = extractFile(sourceOf(zip([wanted, ...others])), { ...options, format: "zip" });
    assert.deepEqual(await bytesOf(fromZip), PAYLOAD);
  }
});

test("extractFile() names ten of the files that are there instead", async () => {
  const files = Array.from({ length: 12 }, (_, i) => ({ name: `doc/${i}`, content: OTHER }));
  const source = sourceOf(tarGz({ name: "doc/", type: "5" }, ...files));
  const error = await failure(source, { ...OPTIONS, format: "tar.gz" });
  assert(isUpdateError(error) && error.code === "BINARY_NOT_FOUND");
  const found = Array.from({ length: 10 }, (_, i) => `doc/${i}`);
  assert.deepEqual(error.details, { archive: OPTIONS.archive, entry: ENTRY, found });
  assert.equal(
    error.message,
    `Cannot find cco in cco-v1.2.3.tar.gz: it holds ${found.join(", ")}. Tell the publisher.`,
  );
});

test("extractFile() keeps what the decompressor said as the cause", async () => {
  const error = await failure(sourceOf(PACKED["tar.gz"].subarray(0, -9)), { ...OPTIONS, format: "tar.gz" });
  assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
  assert.deepEqual(error.details, {
    archive: OPTIONS.archive,
    reason: "its gzip data is damaged or truncated",
  });
  assert(error.cause instanceof Error);
  assert.match(error.cause.message, /unexpected end of file/);
});

test("extractFile() refuses brotli data that is cut off anywhere", async () => {
  for (let length = 0; length < BROTLI.length; length++) {
    const error = await failure(sourceOf(BROTLI.subarray(0, length)), { ...OPTIONS, format: "br" });
    assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID", `${length} bytes: ${error}`);
  }
});

test("extractFile() refuses bytes after brotli data", async () => {
  for (const more of [new Uint8Array(1), OTHER, BROTLI]) {
    const error = await failure(sourceOf(joined(BROTLI, more)), { ...OPTIONS, format: "br" });
    assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
    assert.match(error.message, /followed by other bytes/);
  }
});

test("extractFile() refuses brotli data that needs a window larger than the standard's", async () => {
  const params = { [constants.BROTLI_PARAM_LARGE_WINDOW]: 1, [constants.BROTLI_PARAM_LGWIN]: 30 };
  const source = sourceOf(new Uint8Array(brotliCompressSync(PAYLOAD, { params })));
  const error = await failure(source, { ...OPTIONS, format: "br" });
  assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
  assert.match(error.message, /window larger than 16 MiB/);
});

test("extractFile() refuses a zip file that became shorter while it was read", async () => {
  const bytes = zip([{ ...WANTED, method: 0, content: noise(3 * READ_CHUNK_BYTES) }]);
  const half = sourceOf(bytes.subarray(0, 2 * READ_CHUNK_BYTES));
  const source = { size: bytes.length, readAt: readBoth(half, sourceOf(bytes), bytes.length - 200) };
  const error = await failure(source, { ...OPTIONS, format: "zip", maxBytes: bytes.length });
  assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
  assert.match(error.message, /truncated/);
});

test("extractFile() calls a missing name or limit the caller's mistake", async () => {
  for (const mistake of [{ entry: "" }, { entry: "./" }, { maxBytes: NaN }, { maxBytes: -1 }]) {
    const error = await failure(sourceOf(PACKED["raw"]), { ...OPTIONS, format: "raw", ...mistake });
    assert(error instanceof RangeError, JSON.stringify(mistake));
  }
});

async function failure(source: ByteSource, options: Parameters<typeof extractFile>[1]): Promise<unknown> {
  return await bytesOf(extractFile(source, options)).then(
    () => assert.fail("it succeeded"),
    (error) => error,
  );
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

function pack(format: ArchiveFormat, content: Uint8Array): Uint8Array {
  switch (format) {
    case "tar.gz":
      return tarGz({ name: ENTRY, content });
    case "zip":
      return zip([{ name: ENTRY, content }]);
    case "gz":
      return new Uint8Array(gzipSync(content));
    case "br":
      return new Uint8Array(brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }));
    case "raw":
      return content;
  }
}

/** Tells how many reads there were, and how many have not ended. */
function watched(source: ByteSource): { source: ByteSource; reads: () => number; underWay: () => number } {
  let begun = 0;
  let ended = 0;
  const readAt: ByteSource["readAt"] = async (offset, into) => {
    begun++;
    await new Promise((resolve) => setTimeout(resolve));
    const count = await source.readAt(offset, into);
    ended++;
    return count;
  };
  return { source: { size: source.size, readAt }, reads: () => begun, underWay: () => begun - ended };
}

function readBoth(first: ByteSource, second: ByteSource, border: number): ByteSource["readAt"] {
  return (offset, into) => (offset < border ? first : second).readAt(offset, into);
}
