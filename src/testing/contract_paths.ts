/** The contract of what `FileSystem` does with paths. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import type { FileSystem } from "../runtime/types.ts";
import type { ContractSubject, RegisterTest } from "./contract.ts";
import { rejectsWithKind } from "./expect_kind.ts";
import { folderTests } from "./folder.ts";

/**
 * Registers the tests of paths.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 */
export function pathContract(test: RegisterTest, subject: ContractSubject): void {
  const { fs, os } = subject.runtime;
  const inFolder = folderTests(test, subject);

  inFolder("stat() is undefined where nothing is", async (folder) => {
    equal(await fs.stat(folder.path("absent")), undefined);
    equal(await fs.stat(folder.path("absent", "below")), undefined);
    await folder.write("file", "x");
    equal(await fs.stat(folder.path("file", "below")), undefined);
  });

  inFolder("stat() tells a file's kind, size, mode, owner and time", async (folder) => {
    const before = subject.runtime.now();
    await folder.write("file", "12345", 0o700);
    const info = await fs.stat(folder.path("file"));
    equal(info?.kind, "file");
    equal(info?.size, 5);
    equal(info?.mode, os === "windows" ? undefined : 0o700);
    equal(info?.uid, subject.runtime.uid);
    ok(Math.abs((info?.modifiedAt ?? 0) - before) < 60_000, `modified at ${info?.modifiedAt}, now ${before}`);
    equal((await fs.stat(folder.path()))?.kind, "directory");
  });

  inFolder("identity is the same for both names of a file and differs for another", async (folder) => {
    await folder.write("file", "x");
    await folder.write("other", "x");
    await fs.link(folder.path("file"), folder.path("second"));
    const [file, second, other] = await Promise.all(
      ["file", "second", "other"].map((name) => fs.stat(folder.path(name))),
    );
    equal(file?.identity, second?.identity);
    if (file?.identity !== undefined) notEqual(file.identity, other?.identity);
  });

  inFolder("link() gives a file a second name and never replaces one", async (folder) => {
    await folder.write("file", "x");
    await folder.write("taken", "y");
    await fs.link(folder.path("file"), folder.path("second"));
    equal(await folder.read("second"), "x");
    await rejectsWithKind("exists", fs.link(folder.path("file"), folder.path("taken")));
    equal(await folder.read("taken"), "y");
    await fs.remove(folder.path("file"));
    equal(await folder.read("second"), "x");
  });

  inFolder(
    "rename() replaces a file and leaves the other names of the replaced one alone",
    async (folder) => {
      await folder.write("old", "old");
      await fs.link(folder.path("old"), folder.path("backup"));
      await folder.write("new", "new");
      await fs.rename(folder.path("new"), folder.path("old"));
      equal(await folder.read("old"), "new");
      equal(await folder.read("backup"), "old");
      deepEqual((await fs.list(folder.path())).sort(), ["backup", "old"]);
    },
  );

  inFolder(
    "rename() of one name of a file to its other name loses neither content nor the other name",
    async (folder) => {
      await folder.write("file", "x");
      await fs.link(folder.path("file"), folder.path("second"));
      await fs.rename(folder.path("file"), folder.path("second"));
      equal(await folder.read("second"), "x");
      // POSIX: "shall return successfully and perform no other action".
      if (os !== "windows") equal(await folder.read("file"), "x");
    },
  );

  inFolder("rename() does not put a file in the place of a folder", async (folder) => {
    await folder.write("file", "x");
    await fs.makeDirectory(folder.path("folder"), 0o700);
    await rejectsWithKind(undefined, fs.rename(folder.path("file"), folder.path("folder")));
    equal(await folder.read("file"), "x");
  });

  inFolder("remove() removes files and empty folders, nothing else", async (folder) => {
    await folder.write("file", "x");
    await fs.makeDirectory(folder.path("empty"), 0o700);
    await fs.makeDirectory(folder.path("full", "below"), 0o700);
    await fs.remove(folder.path("file"));
    await fs.remove(folder.path("empty"));
    await rejectsWithKind(undefined, fs.remove(folder.path("full")));
    deepEqual(await fs.list(folder.path()), ["full"]);
  });

  inFolder("makeDirectory() makes parents and does not mind a folder that is there", async (folder) => {
    await fs.makeDirectory(folder.path("a", "b", "c"), 0o700);
    await fs.makeDirectory(folder.path("a", "b", "c"), 0o700);
    equal((await fs.stat(folder.path("a", "b", "c")))?.kind, "directory");
    if (os !== "windows") equal((await fs.stat(folder.path("a")))?.mode, 0o700);
    await folder.write("file", "x");
    await rejectsWithKind("exists", fs.makeDirectory(folder.path("file"), 0o700));
  });

  inFolder("list() names everything in a folder", async (folder) => {
    deepEqual(await fs.list(folder.path()), []);
    const names = [".hidden", "with space", "ünï-ço∂é", "x"];
    for (const name of names) await folder.write(name, "");
    deepEqual((await fs.list(folder.path())).sort(), [...names].sort());
  });

  inFolder("chmod() sets the permission bits where there are any", async (folder) => {
    await folder.write("file", "x", 0o600);
    await fs.chmod(folder.path("file"), 0o755);
    equal((await fs.stat(folder.path("file")))?.mode, os === "windows" ? undefined : 0o755);
  });

  inFolder("realPath() resolves dots", async (folder) => {
    await folder.write("file", "x");
    const direct = await fs.realPath(folder.path("file"));
    await fs.makeDirectory(folder.path("sub"), 0o700);
    equal(await fs.realPath(folder.path("sub", "..", "file")), direct);
    match(direct, /file$/);
  });

  inFolder("syncDirectory() and freeSpace() answer for a folder", async (folder) => {
    await fs.syncDirectory(folder.path());
    const free = await fs.freeSpace(folder.path());
    ok(free === undefined || (Number.isFinite(free) && free > 0), `free space ${free}`);
  });

  for (const [operation, attempt] of ABSENT) {
    inFolder(`${operation} of something absent fails with the kind absent`, async (folder) => {
      await folder.write("present", "x");
      await rejectsWithKind("absent", attempt(fs, (name) => folder.path(name)), operation);
    });
  }
}

const ABSENT: readonly [string, (fs: FileSystem, path: (name: string) => string) => Promise<unknown>][] = [
  ["open", (fs, path) => fs.open(path("absent"), { access: "read" })],
  ["open", (fs, path) => fs.open(path("absent"), { access: "append" })],
  ["realPath", (fs, path) => fs.realPath(path("absent"))],
  ["link", (fs, path) => fs.link(path("absent"), path("new"))],
  ["rename", (fs, path) => fs.rename(path("absent"), path("new"))],
  ["remove", (fs, path) => fs.remove(path("absent"))],
  ["list", (fs, path) => fs.list(path("absent"))],
  ["freeSpace", (fs, path) => fs.freeSpace(path("absent"))],
];
