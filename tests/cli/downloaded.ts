/**
 * A world in which `cco` was downloaded and not installed yet.
 *
 * @module
 */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scriptOf, TestWorld } from "./world.ts";

/** A world in which `cco` was downloaded and not installed yet. */
export async function downloaded(): Promise<TestWorld> {
  const world = await TestWorld.make();
  const path = join(world.folder, "downloads");
  await mkdir(path);
  await writeFile(join(path, "cco"), scriptOf("2025.11.1"), { mode: 0o755 });
  world.runtime = { ...world.runtime, execPath: join(path, "cco") };
  world.env["HOME"] = join(world.folder, "fresh");
  await mkdir(world.env["HOME"]);
  world.env["SHELL"] = "/bin/bash";
  world.env["PATH"] = "/usr/bin:/bin";
  return world;
}

/** Every file below a folder with its text, and every folder. */
export async function tree(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    files[path.slice(folder.length + 1)] = entry.isDirectory() ? "folder" : await readFile(path, "utf8");
  }
  return files;
}
