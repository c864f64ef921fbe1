/**
 * Downloads from a server that goes wrong, as a table: what is served, what goes wrong, and how it ends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UpdateErrorCode } from "../../src/errors.ts";
import { download, type DownloadOptions, type DownloadRequest } from "../../src/resume.ts";
import type { Fault } from "../../src/testing/fault.ts";
import { etagOf } from "../../src/testing/fault_answer.ts";
import { failsWith } from "./fails_with.ts";
import { inTemporaryFolder, serverTest } from "./server_test.ts";
import { stallingRuntime } from "./wire_runtime.ts";

/** How many bytes the file has. */
export const SIZE = 300_000;
/** The right file. */
export const CONTENT = randomBytes(SIZE, 1);
/** Another file of the same size. */
export const OTHER = randomBytes(SIZE, 2);
/** The digest of the right file. */
export const SHA256 = createHash("sha256").update(CONTENT).digest("hex");
/** What servers call the right file. */
export const ETAG = etagOf(CONTENT);

/** Bytes that are the same in every run. */
export function randomBytes(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

/** One download against a server that goes wrong. */
export interface DownloadCase {
  readonly title: string;
  /** What an earlier process left. */
  readonly part?: Uint8Array;
  /** What it noted about the sources; by default the `ETag` of the content. */
  readonly note?: string;
  /** What goes wrong, one entry for each request of the first source. */
  readonly faults?: readonly (Fault | readonly Fault[])[];
  /** The last of `faults` happens to every further request too. */
  readonly forEver?: boolean;
  /** What the first source serves, if not the content. */
  readonly content?: Uint8Array;
  /** Leaves these facts out of the request. */
  readonly unknown?: readonly ("size" | "sha256")[];
  /** How it ends; a code means that it fails. */
  readonly outcome: "done" | UpdateErrorCode;
  /** The `Range` of each request, `-` for none; where the runtimes differ, none are given. */
  readonly ranges?: readonly string[];
  /** How many bytes were received, where the server's faults leave no doubt. */
  readonly transferred?: number;
  /** The size of what is left after a failure. */
  readonly left?: number;
}

/** The first half of the right file. */
export const HALF = CONTENT.subarray(0, 150_000);
/** Asks for the rest of a file. */
export const from = (offset: number): string => `bytes=${offset}-`;
/** Has the server send a header, or leave it out. */
export const header = (name: string, value: string | undefined): Fault => ({
  kind: "headers",
  headers: { [name]: value },
});

/** Tests what becomes of each download. */
export function downloadTests(cases: readonly DownloadCase[]): void {
  for (const each of cases) {
    serverTest(`download() of ${each.title}: ${each.outcome}`, {}, async (server, _, gate) => {
      await inTemporaryFolder(async (folder) => {
        const url = server.serve("/app", each.content ?? CONTENT);
        const path = join(folder, "app.part");
        await leave(path, each, url);
        const faults = each.faults ?? [];
        faults.forEach((fault, index) => {
          const times = each.forEver && index === faults.length - 1 ? Infinity : 1;
          server.fault("/app", fault, { times });
        });
        const { runtime } = stallingRuntime(server, 30_000, gate);
        const request = requestFor([url], path, each);
        const received: number[] = [];
        const options: DownloadOptions = { onProgress: (bytes) => void received.push(bytes) };
        const pending = download(runtime, request, options);
        if (each.outcome === "done") {
          const done = await pending;
          assert.deepEqual([done.sha256, done.size, done.source], [SHA256, SIZE, url]);
          assert.deepEqual(new Uint8Array(await readFile(path)), CONTENT);
          if (each.transferred !== undefined) assert.equal(done.transferredBytes, each.transferred);
          if (received.length > 0) assert.equal(received.at(-1), SIZE);
        } else {
          await failsWith(pending, each.outcome);
          const left = existsSync(path) ? (await stat(path)).size : undefined;
          assert.equal(left, each.left);
        }
        const ranges = server.requests.map(({ headers }) => headers.get("range") ?? "-");
        assert.deepEqual(ranges, each.ranges ?? ranges);
        if (each.outcome === "done" || each.left === undefined) assert(!existsSync(`${path}.json`));
      });
    });
  }
}

/** Leaves what an earlier process had got. */
export async function leave(path: string, { part, note }: DownloadCase, url: string): Promise<void> {
  if (part === undefined) return;
  await writeFile(path, part);
  const text = note?.replace("URL", url) ?? JSON.stringify({ etags: { [url]: ETAG } });
  if (text !== "") await writeFile(`${path}.json`, text);
}

/** Asks for the right file. */
export function requestFor(
  urls: string[],
  path: string,
  { unknown = [] }: Pick<DownloadCase, "unknown"> = {},
): DownloadRequest {
  return {
    urls,
    path,
    maxBytes: 1_000_000,
    ...(unknown.includes("size") ? {} : { size: SIZE }),
    ...(unknown.includes("sha256") ? {} : { sha256: SHA256 }),
  };
}
