/** The contract of `FileSystem` where something stands in the way: links, pipes, other and full and forbidden places. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import type { FileErrorKind } from "../errors.ts";
import type { ContractSubject, RegisterTest } from "./contract.ts";
import { rejectsWithKind, throwsWithKind } from "./expect_kind.ts";
import { type Folder, folderAt, folderTests, whileOpen } from "./folder.ts";
import { withMeans } from "./with_means.ts";

/**
 * Registers the tests of difficult places.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 */
export function placeContract(test: RegisterTest, subject: ContractSubject): void {
  const { fs, os } = subject.runtime;
  const inFolder = folderTests(test, subject);

  withMeans("symbolic links", subject.symlink, (symlink) => {
    const linked = (name: string, body: (folder: Folder) => Promise<void>) =>
      inFolder(name, async (folder) => {
        await folder.write("target", "target", 0o600);
        await symlink("target", folder.path("link"));
        await symlink("nowhere", folder.path("dangling"));
        await body(folder);
      });

    linked("stat() shows a link, not what it points at", async (folder) => {
      equal((await fs.stat(folder.path("link")))?.kind, "symlink");
      equal((await fs.stat(folder.path("dangling")))?.kind, "symlink");
    });

    linked("realPath() and open() to read follow a link", async (folder) => {
      equal(await fs.realPath(folder.path("link")), await fs.realPath(folder.path("target")));
      equal(await folder.read("link"), "target");
      await rejectsWithKind("absent", fs.realPath(folder.path("dangling")));
      await rejectsWithKind("absent", fs.open(folder.path("dangling"), { access: "read" }));
    });

    linked("open() to create fails on any link, also on a dangling one (T24)", async (folder) => {
      for (const name of ["link", "dangling"]) {
        await rejectsWithKind("exists", fs.open(folder.path(name), { access: "create", mode: 0o600 }));
      }
      equal(await fs.stat(folder.path("nowhere")), undefined);
    });

    linked("open() to append and chmod() refuse a link (T24)", async (folder) => {
      await rejectsWithKind(undefined, fs.open(folder.path("link"), { access: "append" }));
      await rejectsWithKind(undefined, fs.chmod(folder.path("link"), 0o777));
      equal((await fs.stat(folder.path("target")))?.mode, 0o600);
      equal(await folder.read("target"), "target");
    });

    linked("rename() and remove() act on the link itself (T24)", async (folder) => {
      await fs.rename(folder.path("link"), folder.path("moved"));
      equal((await fs.stat(folder.path("moved")))?.kind, "symlink");
      await folder.write("new", "new");
      await fs.rename(folder.path("new"), folder.path("moved"));
      equal((await fs.stat(folder.path("moved")))?.kind, "file");
      await fs.remove(folder.path("dangling"));
      equal(await folder.read("target"), "target");
      deepEqual((await fs.list(folder.path())).sort(), ["moved", "target"]);
    });

    linked("link() fails where a link is", async (folder) => {
      await rejectsWithKind("exists", fs.link(folder.path("target"), folder.path("dangling")));
    });

    linked("a folder is found through a link to it", async (folder) => {
      await fs.makeDirectory(folder.path("real"), 0o700);
      await symlink("real", folder.path("way"));
      await folder.write("real" + (os === "windows" ? "\\" : "/") + "file", "x");
      deepEqual(await fs.list(folder.path("way")), ["file"]);
      equal((await fs.stat(folder.path("way", "file")))?.kind, "file");
      await fs.makeDirectory(folder.path("way"), 0o700);
    });
  });

  withMeans("named pipes", subject.namedPipe, (makePipe) => {
    inFolder("open() refuses a named pipe instead of waiting for its other end (T24)", async (folder) => {
      await makePipe(folder.path("pipe"));
      equal((await fs.stat(folder.path("pipe")))?.kind, "other");
      await rejectsWithKind(undefined, fs.open(folder.path("pipe"), { access: "read" }));
      await rejectsWithKind(undefined, fs.open(folder.path("pipe"), { access: "append" }));
    });
  });

  withMeans("another file system", subject.otherDevice, (place) => {
    inFolder("rename() and link() to another file system fail with cross-device", async (folder) => {
      const other = folderAt(fs, place, os);
      await folder.write("file", "x");
      await rejectsWithKind("cross-device", fs.rename(folder.path("file"), other.path("file")));
      await rejectsWithKind("cross-device", fs.link(folder.path("file"), other.path("file")));
      equal(await fs.stat(other.path("file")), undefined);
      equal(await folder.read("file"), "x");
      notEqual((await fs.stat(place))?.identity, (await fs.stat(folder.path()))?.identity);
    });
  });

  withMeans("a full file system", subject.smallDevice, (place) => {
    test("append() fails with full when there is no room, and what was there stays", async () => {
      const folder = folderAt(fs, place, os);
      await folder.write("kept", "kept");
      const file = await fs.open(folder.path("large"), { access: "create", mode: 0o600 });
      await whileOpen(file, () => throwsWithKind("full", () => file.append(new Uint8Array(4 * 1024 * 1024))));
      equal(await folder.read("kept"), "kept");
      const free = await fs.freeSpace(place);
      ok(free === undefined || free < 1024 * 1024, `free space ${free}`);
      await fs.remove(folder.path("large"));
      await fs.remove(folder.path("kept"));
    });
  });

  withMeans(
    "a read-only file system",
    subject.readOnlyDevice,
    (place) => nothingCanBeMade("read-only", place),
  );
  withMeans("a forbidden folder", subject.deniedFolder, (place) => nothingCanBeMade("denied", place));

  function nothingCanBeMade(kind: FileErrorKind, place: string): void {
    inFolder(`in such a place nothing can be made or removed: ${kind}`, async (folder) => {
      const forbidden = folderAt(fs, place, os);
      await folder.write("file", "x");
      await rejectsWithKind(kind, fs.open(forbidden.path("new"), { access: "create", mode: 0o600 }));
      await rejectsWithKind(kind, fs.makeDirectory(forbidden.path("new"), 0o700));
      await rejectsWithKind(kind, fs.rename(forbidden.path("present"), forbidden.path("new")));
      await rejectsWithKind(kind, fs.remove(forbidden.path("present")));
      equal(await forbidden.read("present"), "present");
    });
  }
}
