/** The contract of `FileSystem.open` and of what it opens. */

import { deepEqual, equal } from "node:assert/strict";
import type { ContractSubject, RegisterTest } from "./contract.ts";
import { rejectsWithKind, throwsWithKind } from "./expect_kind.ts";
import { folderTests, whileOpen } from "./folder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Registers the tests of open files.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 */
export function openFileContract(test: RegisterTest, subject: ContractSubject): void {
  const { fs, os } = subject.runtime;
  const inFolder = folderTests(test, subject);

  inFolder("an open file keeps its identity whatever becomes of its path", async (folder) => {
    await folder.write("file", "x");
    const before = await fs.stat(folder.path("file"));
    const file = await fs.open(folder.path("file"), { access: "read" });
    await whileOpen(file, async () => equal((await file.stat()).identity, before?.identity));
    await fs.rename(folder.path("file"), folder.path("moved"));
    equal((await fs.stat(folder.path("moved")))?.identity, before?.identity);
  });

  inFolder("open() to create makes a new file of the given mode", async (folder) => {
    const file = await fs.open(folder.path("new"), { access: "create", mode: 0o600 });
    await whileOpen(file, async () => {
      equal((await file.stat()).size, 0);
      equal((await file.stat()).mode, os === "windows" ? undefined : 0o600);
    });
  });

  inFolder("open() to create is exclusive: of many at once exactly one succeeds", async (folder) => {
    const attempts = Array.from({ length: 20 }, async () => {
      const file = await fs.open(folder.path("lock"), { access: "create", mode: 0o600 });
      file.close();
    });
    const outcomes = await Promise.allSettled(attempts);
    equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
    await rejectsWithKind("exists", fs.open(folder.path("lock"), { access: "create", mode: 0o600 }));
  });

  inFolder("append() extends a file, in order, however it was opened", async (folder) => {
    const file = await fs.open(folder.path("file"), { access: "create", mode: 0o600 });
    await whileOpen(file, () => {
      file.append(encoder.encode("one "));
      file.append(new Uint8Array(0));
      file.append(encoder.encode("two "));
    });
    const again = await fs.open(folder.path("file"), { access: "append" });
    await whileOpen(again, () => again.append(encoder.encode("three")));
    equal(await folder.read("file"), "one two three");
  });

  inFolder("append() continues at the end also after a read elsewhere", async (folder) => {
    const file = await fs.open(folder.path("file"), { access: "create", mode: 0o600 });
    await whileOpen(file, async () => {
      file.append(encoder.encode("abc"));
      await file.readAt(0, new Uint8Array(1));
      file.append(encoder.encode("def"));
      equal((await file.stat()).size, 6);
    });
    equal(await folder.read("file"), "abcdef");
  });

  inFolder("readAt() fills what there is from an offset, and returns 0 only at the end", async (folder) => {
    await folder.write("file", "0123456789");
    const file = await fs.open(folder.path("file"), { access: "read" });
    await whileOpen(file, async () => {
      for (const [offset, length, expected] of READS) {
        const into = new Uint8Array(length);
        const count = await file.readAt(offset, into);
        equal(decoder.decode(into.subarray(0, count)), expected, `${length} bytes at ${offset}`);
      }
    });
  });

  inFolder("readAt() calls do not disturb one another", async (folder) => {
    await folder.write("file", "0123456789");
    const file = await fs.open(folder.path("file"), { access: "read" });
    await whileOpen(file, async () => {
      const digits = await Promise.all([7, 0, 3, 9, 1].map(async (offset) => {
        const into = new Uint8Array(1);
        await file.readAt(offset, into);
        return decoder.decode(into);
      }));
      equal(digits.join(""), "70391");
    });
  });

  inFolder("truncate() cuts a file, and append() continues there", async (folder) => {
    const file = await fs.open(folder.path("file"), { access: "create", mode: 0o600 });
    await whileOpen(file, async () => {
      file.append(encoder.encode("0123456789"));
      await file.truncate(4);
      file.append(encoder.encode("X"));
      equal((await file.stat()).size, 5);
      await file.sync();
    });
    equal(await folder.read("file"), "0123X");
  });

  inFolder("large pieces arrive whole", async (folder) => {
    const piece = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251);
    const file = await fs.open(folder.path("file"), { access: "create", mode: 0o600 });
    await whileOpen(file, async () => {
      file.append(piece);
      const into = new Uint8Array(piece.length + 1);
      equal(await file.readAt(0, into), piece.length);
      deepEqual(into.subarray(0, piece.length), piece);
    });
  });

  inFolder("close() can be called again", async (folder) => {
    const file = await fs.open(folder.path("file"), { access: "create", mode: 0o600 });
    file.close();
    file.close();
  });

  inFolder(
    "an open file refuses to be used once it is closed, or to be written when opened to read",
    async (folder) => {
      await folder.write("file", "x");
      const file = await fs.open(folder.path("file"), { access: "read" });
      await whileOpen(file, () => throwsWithKind(undefined, () => file.append(encoder.encode("y"))));
      await rejectsWithKind(undefined, file.readAt(0, new Uint8Array(1)));
      equal(await folder.read("file"), "x");
    },
  );

  inFolder("open() takes regular files only", async (folder) => {
    await rejectsWithKind(undefined, fs.open(folder.path(), { access: "read" }));
    await rejectsWithKind(undefined, fs.open(folder.path(), { access: "append" }));
  });
}

const READS: readonly [offset: number, length: number, expected: string][] = [
  [0, 4, "0123"],
  [4, 4, "4567"],
  [8, 4, "89"],
  [9, 1, "9"],
  [10, 4, ""],
  [99, 4, ""],
  [0, 0, ""],
];
