/**
 * A publisher who has released two versions, and what is in the release folder then.
 *
 * @module
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { add, promote } from "../../src/publish/mod.ts";
import { type Publisher, withPublisher, writeAssets } from "./publisher.ts";

/** A publisher with a release. */
export interface Released extends Publisher {
  /** The folder with the files of 1.0.0. */
  readonly from: string;
}

/** A publisher who has released 0.1.0 and 1.0.0. */
export async function withRelease(use: (publisher: Released) => Promise<void>): Promise<void> {
  await withPublisher(async (publisher) => {
    const { folder, runtime, key, place } = publisher;
    const options = { keys: [key], runtime, url: "https://example.com/" };
    const from = await place("1.0.0");
    for (const version of ["0.1.0", "1.0.0"]) {
      await writeAssets(from, version);
      await add(folder, { ...options, version, from });
    }
    await promote(folder, { ...options, version: "1.0.0", channel: "stable" });
    await use({ ...publisher, from });
  });
}

/** Changes the manifest in a folder without signing it again. */
// deno-lint-ignore no-explicit-any
export async function edited(folder: string, edit: (manifest: any) => void): Promise<{ document: unknown }> {
  const path = join(folder, "version-manifest.json");
  const document = JSON.parse(await readFile(path, "utf8"));
  edit(document);
  await writeFile(path, JSON.stringify(document));
  return { document };
}

/** What is in a release folder, the workflow apart. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort()) {
    if (name !== ".github") content[name] = await readFile(join(folder, name), "utf8");
  }
  return content;
}
