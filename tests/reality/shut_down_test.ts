/**
 * Power cuts on real file systems: ext4 and xfs in a file, shut down without flushing anything while an update, a
 * rollback or a recovery is stopped after one of its calls, and mounted again.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { namesIn } from "../../scripts/demo/home.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";
import { must, prepared, skipWithout } from "./support/means.ts";
import { type Stepped, stepThrough } from "./support/stepped.ts";

/** `CCO_CUTS` limits how many of the calls are tried; they are then spread evenly. */
const CUTS = Number(Deno.env.get("CCO_CUTS") ?? 60);

/** What is cut, and which versions may be there then; its last call is followed by the report that it is done. */
interface Command {
  readonly title: string;
  readonly args: readonly string[];
  /** What happens before, to the older version that is installed. */
  readonly prepare: (disk: Disk) => Promise<void>;
  /** What is there in the end. */
  readonly done: "old" | "new";
}

const COMMANDS: readonly Command[] = [
  { title: "an update", args: ["update", "--yes"], prepare: async () => {}, done: "new" },
  { title: "a rollback", args: ["rollback"], prepare: (disk) => disk.updated(), done: "old" },
  { title: "a recovery", args: ["update", "--yes"], prepare: (disk) => disk.updatedHalfway(), done: "new" },
];

for (const type of ["ext4", "xfs"] as const) {
  for (const command of COMMANDS) {
    const { title, done } = command;
    test(`${title} on ${type} survives a power cut after any of its calls`, {
      skip: skipWithout("strace", "xfs_io", `mkfs.${type}`, "mount", "losetup"),
    }, async (t) => {
      const place = await published(t);
      const disk = new Disk(await Deno.makeTempDir({ prefix: "cco-disk-" }), place, type);
      if (!await prepared(t, () => disk.make(t))) return;
      await disk.reset(command);
      const whole = await disk.step(command, () => "continue");
      assert.equal(whole.code, 0);
      if (title === "an update") {
        // The cut is one: what is not flushed is lost, however far the update came.
        await disk.reset(command);
        const unflushed = await disk.cutAfter(command, whole.calls.length - 1, { withoutFlushing: true });
        assert.equal(await disk.survivor(unflushed), "old", unflushed);
      }

      const points = sample(whole.calls.length, CUTS);
      const found = { old: 0, new: 0 };
      for (const index of points) {
        await disk.reset(command);
        const where = await disk.cutAfter(command, index);
        const survivor = await disk.survivor(where);
        found[survivor]++;
        if (index === whole.calls.length - 1) assert.equal(survivor, done, where);
        await disk.assertRecovers(where);
      }
      console.log(
        `${title} on ${type}: ${whole.calls.length} calls, ${points.length} power cuts, each after another one: ` +
          `${found.old} left the old version, ${found.new} the new one`,
      );
      assert.equal(found.old + found.new, points.length);
      assert.ok(found[done] > 0);
    });
  }
}

type OnCall = Parameters<typeof stepThrough>[2];

/** A file system in a file, with the program and its state on it. */
class Disk {
  readonly #folder: string;
  readonly #mount: string;
  readonly #place: Published;
  readonly #type: string;
  #isMounted = false;

  constructor(folder: string, place: Published, type: string) {
    this.#folder = folder;
    this.#mount = join(folder, "mount");
    this.#place = place;
    this.#type = type;
  }

  async make(t: Pick<TestContext, "after">): Promise<void> {
    t.after(async () => {
      if (this.#isMounted) await must("umount", this.#mount);
      await Deno.remove(this.#folder, { recursive: true });
    });
    await Deno.mkdir(this.#mount);
    using file = await Deno.open(this.#image, { write: true, create: true });
    await file.truncate(800 * 1024 * 1024);
    await must(`mkfs.${this.#type}`, "-q", this.#image);
    await this.#mountAgain();
  }

  /** The older version, and what happens before a command, durably. */
  async reset({ prepare }: Command): Promise<void> {
    for (const folder of [this.#bin, this.#state]) {
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
    await Deno.mkdir(this.#bin);
    await Deno.copyFile(this.#place.old.path, this.#file);
    await prepare(this);
    await must("sync", "-f", this.#mount);
  }

  async updated(): Promise<void> {
    const { code, said } = await this.#run("update", "--yes");
    assert.equal(code, 0, said);
  }

  /** The new version is in place, and its record is still there. */
  async updatedHalfway(): Promise<void> {
    const { killed } = await stepThrough(
      this.#file,
      { args: ["update", "--yes"], env: this.#env },
      ({ text }) => /^rename\(.*\.cco\.new-\w+"/.test(text) ? "kill" : "continue",
    );
    assert.ok(killed);
  }

  step({ args }: Command, onCall: OnCall, { withoutFlushing = false } = {}): Promise<Stepped> {
    return stepThrough(this.#file, { args, env: this.#env, withoutFlushing }, onCall);
  }

  /** What has not reached the disk by then is lost. */
  async cutAfter(
    command: Command,
    index: number,
    options: { withoutFlushing?: boolean } = {},
  ): Promise<string> {
    let where = "";
    const { killed } = await this.step(command, async (call) => {
      if (call.index !== index) return "continue";
      where = `${command.title} on ${this.#type} cut after call ${index + 1}, ${call.text}`;
      await must("xfs_io", "-x", "-c", "shutdown", this.#mount);
      return "kill";
    }, options);
    assert.ok(killed, `there was no call ${index + 1}`);
    await must("umount", this.#mount);
    this.#isMounted = false;
    await this.#mountAgain();
    return where;
  }

  async survivor(where: string): Promise<"old" | "new"> {
    const digest = await fileDigest(this.#file);
    assert.ok(digest === this.#place.old.sha256 || digest === this.#place.new.sha256, where);
    const kind = digest === this.#place.old.sha256 ? "old" : "new";
    const { code, stdout } = await this.#run("--version");
    assert.deepEqual([code, stdout], [0, `cco ${kind === "old" ? OLD : NEW}\n`], where);
    return kind;
  }

  async assertRecovers(where: string): Promise<void> {
    const { code, said } = await this.#run("update", "--yes");
    assert.equal(code, 0, `${where}: ${said}`);
    assert.equal(await fileDigest(this.#file), this.#place.new.sha256, where);
    assert.equal(await fileDigest(`${this.#file}.backup`), this.#place.old.sha256, where);
    assert.deepEqual(await namesIn(this.#bin), ["cco", "cco.backup"], where);
    assert.deepEqual(await namesIn(join(this.#state, "cco", "downloads")), [], where);
  }

  /** Nothing is flushed by time alone while a test looks for what the program has flushed. */
  async #mountAgain(): Promise<void> {
    // A device of its own each time: whoever copied the table of mounts meanwhile keeps the one that is shut down alive.
    const device = (await must("losetup", "--find", "--show", this.#image)).trim();
    try {
      await must("mount", "-o", this.#type === "ext4" ? "commit=300" : "nouuid", device, this.#mount);
      this.#isMounted = true;
    } finally {
      // It goes when nothing is mounted from it any more.
      await must("losetup", "--detach", device);
    }
  }

  async #run(...args: string[]): Promise<{ code: number; stdout: string; said: string }> {
    const command = new Deno.Command(this.#file, { args, env: this.#env, clearEnv: true, stdin: "null" });
    const output = await command.output();
    const decoder = new TextDecoder();
    const stdout = decoder.decode(output.stdout);
    return { code: output.code, stdout, said: stdout + decoder.decode(output.stderr) };
  }

  get #image(): string {
    return join(this.#folder, "image");
  }

  get #bin(): string {
    return join(this.#mount, "bin");
  }

  get #file(): string {
    return join(this.#bin, "cco");
  }

  get #state(): string {
    return join(this.#mount, "state");
  }

  get #env(): Record<string, string> {
    return { ...this.#place.home.env, XDG_STATE_HOME: this.#state };
  }
}

/** Evenly spread, the first and the last included. */
function sample(all: number, count: number): number[] {
  if (all <= count) return Array.from({ length: all }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.round(index * (all - 1) / (count - 1)));
}
