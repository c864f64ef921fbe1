import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { extractFile } from "../../src/archive.ts";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import { isUpdateError } from "../../src/errors.ts";
import { bytesOf, sourceOf } from "../support/byte_source.ts";
import { gzip, longName, pax, tar, type TarEntry } from "../support/tar_archive.ts";
import { descriptor, STREAMED, zip, type ZipEntry } from "../support/zip_archive.ts";

const PAYLOAD = new TextEncoder().encode("the executable\n".repeat(40));
const WANTED = { name: "cco", content: PAYLOAD };
const README = { name: "README.md", content: PAYLOAD.slice(0, 77) };
const TAR = tar(README, pax({ mtime: "1" }), WANTED, longName("x".repeat(120)), README);
const ZIP = zip([README, WANTED, { ...README, name: "LICENSE", method: 0 }], { zip64: {} });
const STREAMED_ZIP = zip([
  { ...WANTED, ...STREAMED, method: 0, after: descriptor(PAYLOAD, { signed: true, wide: false }) },
]);

/** Archives with checksums: what comes out is the file, or nothing does. */
const CHECKED: readonly (readonly [string, ArchiveFormat, Uint8Array])[] = [
  ["tar.gz", "tar.gz", gzip(TAR)],
  ["zip", "zip", ZIP],
  ["zip with a data descriptor", "zip", STREAMED_ZIP],
  ["gz", "gz", new Uint8Array(gzipSync(PAYLOAD))],
];

const name = fc.oneof(
  fc.stringMatching(/^[a-z./]{1,12}$/),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
  fc.constantFrom("../cco", "/cco", "CCO", "cco2", "cco/cco", "x/cco", "..\\cco"),
).filter((text) => !/\0|\/$/.test(text) && new TextEncoder().encode(text).length <= 100);
const content = fc.uint8Array({ maxLength: 2000 });
const others = fc.uniqueArray(fc.record({ name, content }), { selector: (file) => file.name, maxLength: 8 });
const wantedAmongOthers = fc.record({ wanted: fc.record({ name, content }), others, at: fc.nat() })
  .filter(({ wanted, others }) => others.every((other) => bare(other.name) !== bare(wanted.name)));

test("extractFile() finds a file among others in any tar.gz", async () => {
  const kinds = fc.array(fc.constantFrom("0", "\0", "2", "5", "x", "L", "g"), { minLength: 9, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(wantedAmongOthers, kinds, async ({ wanted, others, at }, [own, ...kinds]) => {
      const entries = others.flatMap((file, i) => tarEntries(file, kinds[i]!));
      const before = others.slice(0, at % (others.length + 1)).flatMap((file, i) =>
        tarEntries(file, kinds[i]!)
      );
      const mine = tarEntries(wanted, "25".includes(own!) ? "0" : own!);
      const archive = gzip(tar(...before, ...mine, ...entries.slice(before.length)));
      assert.deepEqual(await extracted("tar.gz", archive, wanted.name), wanted.content);
    }),
  );
});

test("extractFile() finds a file among others in any zip", async () => {
  const kinds = fc.array(fc.constantFrom<Kind>("stored", "deflated", "streamed"), {
    minLength: 9,
    maxLength: 9,
  });
  await fc.assert(
    fc.asyncProperty(wantedAmongOthers, kinds, async ({ wanted, others, at }, [own, ...kinds]) => {
      const entries = others.map((file, i) => zipEntry(file, kinds[i]!));
      const archive = zip(entries.toSpliced(at % (entries.length + 1), 0, zipEntry(wanted, own!)));
      assert.deepEqual(await extracted("zip", archive, wanted.name), wanted.content);
    }),
  );
});

for (const [title, format, archive] of CHECKED) {
  test(`extractFile() gives the file or an UpdateError when one byte of a ${title} differs`, async () => {
    for (let at = 0; at < archive.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const result = await outcome(format, archive.with(at, archive[at]! ^ change));
        if (result instanceof Uint8Array) assert.deepEqual(result, PAYLOAD, `byte ${at}`);
      }
    }
  });

  test(`extractFile() gives an UpdateError when a ${title} is cut off anywhere`, async () => {
    for (let length = 0; length < archive.length; length++) {
      const result = await outcome(format, archive.slice(0, length));
      assert(!(result instanceof Uint8Array), `accepted ${length} of ${archive.length} bytes`);
    }
  });
}

test("extractFile() gives bytes or an UpdateError when a tar is damaged inside an intact gzip", async () => {
  const damage = fc.array(fc.tuple(fc.nat(TAR.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(damage, async (damage) => {
      const bytes = TAR.slice();
      for (const [at, byte] of damage) bytes[at] = byte;
      await outcome("tar.gz", gzip(withChecksums(bytes)));
    }),
    { numRuns: 500 },
  );
});

test("extractFile() gives bytes or an UpdateError for anything whatever", async () => {
  const formats = fc.constantFrom<ArchiveFormat>("tar.gz", "zip", "gz", "br", "raw");
  const magic = fc.constantFrom([], [0x1f, 0x8b, 8, 0], [0x50, 0x4b, 3, 4], [...ZIP.subarray(-22)]);
  await fc.assert(
    fc.asyncProperty(formats, fc.uint8Array({ maxLength: 3000 }), magic, async (format, bytes, magic) => {
      await outcome(format, new Uint8Array([...magic, ...bytes]));
      await outcome(format, new Uint8Array([...bytes, ...magic]));
    }),
    { numRuns: 300 },
  );
});

test("extractFile() gives bytes or an UpdateError when brotli data is damaged", async () => {
  const archive = new Uint8Array(brotliCompressSync(PAYLOAD));
  for (let at = 0; at < archive.length; at++) {
    for (const change of [0x01, 0x10, 0x80, 0xff]) {
      await outcome("br", archive.with(at, archive[at]! ^ change));
    }
  }
});

type Kind = "stored" | "deflated" | "streamed";
type File = { readonly name: string; readonly content: Uint8Array };

async function extracted(format: ArchiveFormat, archive: Uint8Array, entry: string): Promise<Uint8Array> {
  const options = { format, entry, maxBytes: 1 << 20, archive: "a" };
  return await bytesOf(extractFile(sourceOf(archive), options));
}

/** What comes of it, where only the errors that are documented may come. */
async function outcome(format: ArchiveFormat, archive: Uint8Array): Promise<Uint8Array | string> {
  return await extracted(format, archive, "cco").catch((error: unknown) => {
    assert(isUpdateError(error), `${error instanceof Error ? error.stack : error}`);
    assert(["ARCHIVE_INVALID", "BINARY_NOT_FOUND", "TOO_LARGE"].includes(error.code), error.code);
    return error.code;
  });
}

function tarEntries(file: File, kind: string): TarEntry[] {
  if (kind === "x") return [pax({ path: file.name }), { ...file, name: "short" }];
  if (kind === "L") return [longName(file.name), { ...file, name: "short" }];
  if (kind === "g") return [pax({ comment: file.name }, "g"), file];
  return "25".includes(kind) ? [{ name: file.name, type: kind }] : [{ ...file, type: kind }];
}

function zipEntry(file: File, kind: Kind): ZipEntry {
  if (kind !== "streamed") return { ...file, method: kind === "stored" ? 0 : 8 };
  return { ...file, ...STREAMED, method: 0, after: descriptor(file.content, { signed: true, wide: true }) };
}

function bare(text: string): string {
  return text.replace(/^(\.\/)+/, "");
}

/** Makes every block's checksum right, so that damage reaches what is behind that check. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (!String.fromCharCode(...block.subarray(257, 262)).startsWith("ustar")) continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((sum, byte) => sum + byte, 0);
    block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return bytes;
}
