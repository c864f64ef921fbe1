/**
 * The older version installed somewhere on this machine, in surroundings that a test makes worse.
 *
 * @module
 */

import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { namesIn, type Output } from "../../../scripts/demo/home.ts";
import { type Published, published } from "../../support/deno/published.ts";
import { must } from "./means.ts";

/** The user that is nobody. */
export const NOBODY = 65534;

/** The installation and what is around it. */
export class Scene {
  /** The folder of the executable, and that of the program's state. */
  readonly bin: string;
  readonly state: string;
  /** What the program is started as. */
  executable: string;

  readonly #place: Published;
  readonly #undo: (() => Promise<unknown>)[] = [];

  private constructor(place: Published, folder: string) {
    this.#place = place;
    this.bin = join(folder, "bin");
    this.state = join(folder, "state");
    this.executable = join(this.bin, "cco");
  }

  /** Sets the scene; everything is gone after the test, mounts first. */
  static async set(t: Pick<TestContext, "after">): Promise<Scene> {
    const place = await published(t);
    const folder = await Deno.makeTempDir({ prefix: "cco-scene-" });
    // Other users must be able to get there.
    await Deno.chmod(folder, 0o755);
    const scene = new Scene(place, folder);
    t.after(async () => {
      for (const undo of scene.#undo.reverse()) await undo();
      await Deno.remove(folder, { recursive: true });
    });
    await Deno.mkdir(scene.bin);
    await Deno.mkdir(scene.state);
    return scene;
  }

  /** What is published; see `publishManifest`. */
  get place(): Published {
    return this.#place;
  }

  /** The file itself, however it is started. */
  get file(): string {
    return join(this.bin, "cco");
  }

  /** Puts the older version in its folder. */
  async install(): Promise<void> {
    await Deno.copyFile(this.#place.old.path, this.file);
  }

  /** Has something undone after the test. */
  after(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  /** Mounts a file system over a folder of the scene. */
  async mount(folder: string, ...args: string[]): Promise<void> {
    await must("mount", ...args, folder);
    this.after(() => must("umount", folder));
  }

  /** Its environment. */
  get env(): Record<string, string> {
    const { state } = this;
    return { ...this.#place.home.env, HOME: state, XDG_STATE_HOME: state, XDG_CONFIG_HOME: state };
  }

  /**
   * Runs the program.
   *
   * @param args Its arguments.
   * @param user Who runs it; root when absent.
   */
  async run(args: readonly string[], user?: number): Promise<Output> {
    const as = user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", "--"];
    const command = new Deno.Command("setpriv", {
      args: [...as, this.executable, ...args],
      env: this.env,
      clearEnv: true,
      stdin: "null",
    });
    const { code, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** The installed version. */
  async installed(): Promise<"old" | "new" | "neither"> {
    const digest = await fileDigest(this.file);
    if (digest === this.#place.old.sha256) return "old";
    return digest === this.#place.new.sha256 ? "new" : "neither";
  }

  /** The names beside the executable. */
  names(): Promise<string[]> {
    return namesIn(this.bin);
  }

  /** How often the release was downloaded. */
  get downloads(): number {
    return this.#place.server.requests.filter((name) => /\.tar\.gz$|^raw-/.test(name)).length;
  }

  /** Publishes the newer version as a bare executable. */
  async publishRaw(publish: (manifest: Published["manifest"]) => Promise<void>): Promise<void> {
    const { manifest, server, new: newer } = this.#place;
    const name = `raw-${basename(newer.path)}`;
    server.files.set(name, newer.path);
    manifest.sequence++;
    for (const { platforms } of Object.values(manifest.versions)) {
      for (const platform of Object.keys(platforms)) {
        platforms[platform] = {
          url: server.base + name,
          format: "raw",
          sha256: newer.sha256,
          size: newer.size,
        };
      }
    }
    await publish(manifest);
  }
}
