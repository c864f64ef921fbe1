import { unzipSync } from "fflate";
import { unpackTar } from "modern-tar";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { checksums, packExecutable } from "../../../scripts/compile/archives.ts";

const content = new TextEncoder().encode("not really an executable\n".repeat(50_000));

function executable(t: { after(fn: () => void): void }, name: string): { folder: string; path: string } {
  const folder = Deno.makeTempDirSync({ prefix: "cco-archives-" });
  t.after(() => Deno.removeSync(folder, { recursive: true }));
  const path = join(folder, name);
  Deno.writeFileSync(path, content);
  return { folder, path };
}

test("packExecutable() packs a tar.gz with one entry, executable by everybody and owned by nobody in particular", async (t) => {
  const { folder, path } = executable(t, "cco");
  const archive = join(folder, "cco.tar.gz");
  await packExecutable(path, archive, "tar.gz");
  const gzip = (await Deno.open(archive)).readable.pipeThrough(new DecompressionStream("gzip"));
  const entries = await unpackTar(gzip);
  assert.equal(entries.length, 1);
  const [{ header, data }] = entries as [typeof entries[0]];
  assert.deepEqual(
    {
      name: header.name,
      mode: header.mode,
      mtime: header.mtime?.getTime(),
      uid: header.uid,
      gid: header.gid,
    },
    { name: "cco", mode: 0o755, mtime: 0, uid: 0, gid: 0 },
  );
  assert.deepEqual(data, content);
});

test("packExecutable() packs a zip with one entry, executable on Unix", async (t) => {
  const { folder, path } = executable(t, "cco.exe");
  const archive = join(folder, "cco.zip");
  await packExecutable(path, archive, "zip");
  const bytes = Deno.readFileSync(archive);
  assert.deepEqual(unzipSync(bytes), { "cco.exe": content });
  assert.equal(externalAttributes(bytes) >>> 16, 0o755);
});

/** Of the only entry of the central directory (APPNOTE.TXT 4.3.12). */
function externalAttributes(zip: Uint8Array): number {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const directory = view.getUint32(zip.byteLength - 22 + 16, true);
  assert.equal(view.getUint32(directory, true), 0x02014b50);
  return view.getUint32(directory + 38, true);
}

for (const format of ["tar.gz", "zip"] as const) {
  test(`packExecutable() gives the same ${format} for the same executable, whatever its time`, async (t) => {
    const { folder, path } = executable(t, "cco");
    await packExecutable(path, join(folder, "first"), format);
    Deno.utimeSync(path, new Date(2001, 1, 1), new Date(2001, 1, 1));
    Deno.chmodSync(path, 0o700);
    await packExecutable(path, join(folder, "second"), format);
    assert.deepEqual(Deno.readFileSync(join(folder, "second")), Deno.readFileSync(join(folder, "first")));
  });
}

test("checksums() writes what sha256sum reads, sorted by name", () => {
  const a = "a".repeat(64);
  const b = "b".repeat(64);
  assert.equal(checksums(new Map([["z.zip", a], ["c.tar.gz", b]])), `${b}  c.tar.gz\n${a}  z.zip\n`);
});
