import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { extractFile } from "../src/archive.ts";
import type { ArchiveFormat } from "../src/archive_format.ts";
import type { ByteSource } from "../src/digest.ts";
import { isUpdateError } from "../src/errors.ts";
import { ENTRY, MAX_BYTES, OTHER, PAYLOAD } from "./support/attack.ts";
import { bytesOf, sourceOf } from "./support/byte_source.ts";
import { joined, tarGz } from "./support/tar_archive.ts";
import { packed } from "./support/packed.ts";
import { zip } from "./support/zip_archive.ts";

const OPTIONS = { entry: ENTRY, maxBytes: MAX_BYTES, archive: "cco-v1.2.3.tar.gz" };
const BROTLI = new Uint8Array(brotliCompressSync(PAYLOAD));

const FORMATS: readonly ArchiveFormat[] = ["tar.gz", "zip", "gz", "br", "raw"];

for (const format of FORMATS) {
  const archive = packed(format, PAYLOAD);

  test(`extractFile() gives the bytes of a ${format}`, async () => {
    assert.deepEqual(await bytesOf(extractFile(sourceOf(archive), { ...OPTIONS, format })), PAYLOAD);
  });

  test(`extractFile() gives the bytes of a ${format} that is read one byte at a time`, async () => {
    assert.deepEqual(await bytesOf(extractFile(sourceOf(archive, 1), { ...OPTIONS, format })), PAYLOAD);
  });

  test(`extractFile() of a ${format} accepts exactly maxBytes and not one less`, async () => {
    const exact = { ...OPTIONS, format, maxBytes: PAYLOAD.length };
    assert.deepEqual(await bytesOf(extractFile(sourceOf(archive), exact)), PAYLOAD);
    const error = await failure(sourceOf(archive), { ...exact, maxBytes: PAYLOAD.length - 1 });
    assert(isUpdateError(error) && error.code === "TOO_LARGE");
    assert.deepEqual(error.details, { what: ENTRY, limit: PAYLOAD.length - 1, source: OPTIONS.archive });
  });

  test(`extractFile() of a ${format} rejects with the signal's reason`, async () => {
    const reason = { stop: "please" };
    const signal = AbortSignal.abort(reason);
    assert.equal(await failure(sourceOf(archive), { ...OPTIONS, format, signal }), reason);
  });
}

test("extractFile() gives no bytes for an empty file", async () => {
  for (const format of FORMATS) {
    const source = sourceOf(packed(format, new Uint8Array(0)));
    assert.equal((await bytesOf(extractFile(source, { ...OPTIONS, format }))).length, 0, format);
  }
});

test("extractFile() finds the same entry with and without ./ in what is asked for", async () => {
  for (const entry of ["cco", "./cco", "././cco"]) {
    const options = { ...OPTIONS, entry, format: "zip" } as const;
    assert.deepEqual(await bytesOf(extractFile(sourceOf(packed("zip", PAYLOAD)), options)), PAYLOAD);
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
  const error = await failure(sourceOf(packed("tar.gz", PAYLOAD).subarray(0, -9)), {
    ...OPTIONS,
    format: "tar.gz",
  });
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

test("extractFile() calls a missing name or limit the caller's mistake", async () => {
  for (const mistake of [{ entry: "" }, { entry: "./" }, { maxBytes: NaN }, { maxBytes: -1 }]) {
    const error = await failure(sourceOf(PAYLOAD), { ...OPTIONS, format: "raw", ...mistake });
    assert(error instanceof RangeError, JSON.stringify(mistake));
  }
});

async function failure(source: ByteSource, options: Parameters<typeof extractFile>[1]): Promise<unknown> {
  return await bytesOf(extractFile(source, options)).then(
    () => assert.fail("it succeeded"),
    (error) => error,
  );
}
