import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { MemoryRuntime } from "../../src/runtime/memory.ts";
import { memoryRuntime } from "../../src/runtime/memory.ts";

type Os = "linux" | "windows";

interface Row {
  readonly what: string;
  readonly os?: Os;
  readonly act: (machine: Workshop) => Promise<void>;
  /** Every image that may be left: the files of the folder `a`, then those of `b`. */
  readonly left: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    what: "nothing happened",
    act: () => Promise.resolve(),
    left: ["old=1 |"],
  },
  {
    what: "a new file that nothing was written to",
    act: (at) => at.create("a/new"),
    left: ["old=1 |", "new= old=1 |"],
  },
  {
    what: "a file that was written but not synced is absent, empty, torn, with a hole, or whole",
    act: (at) => at.create("a/new", "abcd"),
    left: ["old=1 |", "new= old=1 |", "new=ab old=1 |", "new=\0\0cd old=1 |", "new=abcd old=1 |"],
  },
  {
    what: "a synced file in a folder that was not synced is absent or whole",
    act: (at) => at.create("a/new", "abcd", "file"),
    left: ["old=1 |", "new=abcd old=1 |"],
  },
  {
    what: "a file that was not synced in a synced folder is there, whatever it holds",
    act: (at) => at.create("a/new", "ab", "folder"),
    left: ["new= old=1 |", "new=a old=1 |", "new=\0b old=1 |", "new=ab old=1 |"],
  },
  {
    what: "a synced file in a synced folder is whole",
    act: (at) => at.create("a/new", "abcd", "both"),
    left: ["new=abcd old=1 |"],
  },
  {
    what: "a rename that was not synced has happened or not, never half",
    async act(at) {
      await at.create("a/new", "2", "both");
      await at.rename("a/new", "a/old");
    },
    left: ["new=2 old=1 |", "old=2 |"],
  },
  {
    what: "the names of one folder reach the disk in any order",
    async act(at) {
      await at.create("a/new", "2", "both");
      await at.rename("a/old", "a/backup");
      await at.rename("a/new", "a/old");
    },
    left: ["new=2 old=1 |", "backup=1 new=2 |", "old=2 |", "backup=1 old=2 |"],
  },
  {
    what: "a removal that was not synced may come back, a synced one does not",
    async act(at) {
      await at.create("a/one", "1", "both");
      await at.create("a/two", "2", "both");
      await at.remove("a/one");
      await at.sync("a");
      await at.remove("a/two");
    },
    left: ["old=1 two=2 |", "old=1 |"],
  },
  {
    what: "a move to another folder is atomic",
    act: (at) => at.rename("a/old", "b/moved"),
    left: ["old=1 |", "| moved=1"],
  },
  {
    what: "a move whose new folder was synced leaves the old name or not",
    async act(at) {
      await at.rename("a/old", "b/moved");
      await at.sync("b");
    },
    left: ["old=1 | moved=1", "| moved=1"],
  },
  {
    what: "a move whose old folder was synced has happened: the file is never nowhere",
    async act(at) {
      await at.rename("a/old", "b/moved");
      await at.sync("a");
    },
    left: ["| moved=1"],
  },
  {
    what: "a truncation that was not synced has happened or not",
    async act(at) {
      await at.create("a/new", "abcd", "both");
      await at.truncate("a/new", 1);
    },
    left: ["new=abcd old=1 |", "new=a old=1 |"],
  },
  {
    what: "names reach the disk in their order where a journal keeps it",
    os: "windows",
    async act(at) {
      await at.rename("a/old", "a/backup");
      await at.create("a/new", "", "none");
      await at.rename("a/new", "a/old");
    },
    left: ["old=1 |", "backup=1 |", "backup=1 new= |", "backup=1 old= |"],
  },
  {
    what: "flushing a file forces the journal up to its last name, and no further",
    os: "windows",
    async act(at) {
      await at.rename("a/old", "a/backup");
      await at.create("a/new", "2", "file");
      await at.remove("a/backup");
    },
    left: ["backup=1 new=2 |", "new=2 |"],
  },
  {
    what: "a folder cannot be flushed",
    os: "windows",
    async act(at) {
      await at.remove("a/old");
      await at.sync("a");
    },
    left: ["old=1 |", "|"],
  },
];

for (const { what, os = "linux", act, left } of ROWS) {
  test(`a power cut on ${os}: ${what}`, async () => {
    const workshop = new Workshop(os);
    await act(workshop);
    deepEqual(workshop.left(), [...left].sort());
  });
}

test("a power cut may lose permission bits that were set after the file was synced", async () => {
  const workshop = new Workshop("linux");
  await workshop.create("a/new", "x", "both");
  await workshop.runtime.fs.chmod(workshop.path("a/new"), 0o755);
  const modes = [...workshop.machine.disk.powerCuts()].map(({ disk }) =>
    memoryRuntime({ disk }).machine.mode(workshop.path("a/new"))
  );
  deepEqual(modes.sort(), [0o600, 0o755]);
});

test("a power cut leaves a disk that another machine starts from, with other process starts", async () => {
  const { machine, runtime } = new Workshop("linux");
  const [image] = machine.disk.powerCuts();
  const next = memoryRuntime({ disk: image!.disk, pid: runtime.pid });
  equal(next.machine.read("/a/old"), "1");
  ok(await next.processStart(next.pid) !== await runtime.processStart(runtime.pid));
});

test("too many possibilities are sampled: the extremes always, the same ones for the same seed", async () => {
  const workshop = new Workshop("linux");
  for (let index = 0; index < 20; index++) await workshop.create(`a/file-${index}`);
  const images = (seed: number) =>
    [...workshop.machine.disk.powerCuts(seed, 200)].map(({ disk }) => disk.fingerprint());
  const first = images(1);
  ok(first.length > 100 && first.length <= 202, `${first.length} images`);
  deepEqual(images(1), first);
  ok(images(2).join() !== first.join());
  const counts = [...workshop.machine.disk.powerCuts(1, 200)].map(({ kept }) => kept.length);
  for (const extreme of [0, 1, 19, 20]) ok(counts.includes(extreme), `${extreme} changes kept`);
});

test("a snapshot is a moment: later changes do not reach it", async () => {
  const workshop = new Workshop("linux");
  await workshop.create("a/new", "xy");
  const snapshot = workshop.machine.disk.snapshot();
  await workshop.remove("a/new");
  equal(memoryRuntime({ disk: snapshot.snapshot() }).machine.read("/a/new"), "xy");
  equal(snapshot.pendingCount, 3, "a name and two halves of a write");
});

class Workshop {
  readonly runtime: MemoryRuntime;
  readonly #os: Os;

  constructor(os: Os) {
    this.#os = os;
    this.runtime = memoryRuntime({ os });
    this.machine.put(this.path("a/old"), "1");
    this.machine.putFolder(this.path("b"));
  }

  get machine() {
    return this.runtime.machine;
  }

  path(path: string): string {
    return this.#os === "windows" ? `C:\\${path.replaceAll("/", "\\")}` : `/${path}`;
  }

  async create(path: string, text = "", synced: "none" | "file" | "folder" | "both" = "none"): Promise<void> {
    const file = await this.runtime.fs.open(this.path(path), { access: "create", mode: 0o600 });
    if (text !== "") file.append(new TextEncoder().encode(text));
    if (synced === "file" || synced === "both") await file.sync();
    file.close();
    if (synced === "folder" || synced === "both") await this.sync(path.split("/")[0]!);
  }

  async truncate(path: string, size: number): Promise<void> {
    const file = await this.runtime.fs.open(this.path(path), { access: "append" });
    await file.truncate(size);
    file.close();
  }

  rename(from: string, to: string): Promise<void> {
    return this.runtime.fs.rename(this.path(from), this.path(to));
  }

  remove(path: string): Promise<void> {
    return this.runtime.fs.remove(this.path(path));
  }

  sync(folder: string): Promise<void> {
    return this.runtime.fs.syncDirectory(this.path(folder));
  }

  /** Every image, as text. */
  left(): string[] {
    const images = [...this.machine.disk.powerCuts()].map(({ disk }) => {
      const { machine } = memoryRuntime({ os: this.#os, disk });
      const content = (folder: string) =>
        machine.names(this.path(folder)).map((name) =>
          `${name}=${machine.read(this.path(`${folder}/${name}`))}`
        );
      return [...content("a"), "|", ...content("b")].join(" ");
    });
    return images.sort();
  }
}
