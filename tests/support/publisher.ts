/**
 * A publisher for tests: a real folder, keys that are the same in every run, and a clock that is set by hand.
 *
 * @module
 */

import { packTar } from "modern-tar";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Runtime, systemRuntime } from "../../machine.ts";
import type { SecretKey } from "../../src/minisign_secret.ts";
import { init } from "../../src/publish/mod.ts";
import { APP, NOW, testKey } from "./signed_release.ts";

/** A day, in milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;

/** A publisher's desk. */
export interface Publisher {
  /** The release folder. */
  readonly folder: string;
  /** This machine, at the time of {@link clock}. */
  readonly runtime: Runtime;
  /** The time, which a test may set. */
  readonly clock: { now: number };
  /** Signs roots. */
  readonly rootKey: SecretKey;
  /** Signs manifests. */
  readonly key: SecretKey;
  /** The first root, as it is compiled into clients. */
  readonly root: string;
  /** A new folder beside the release folder. */
  readonly place: (name: string) => Promise<string>;
}

/** Makes a release folder, lends it out, and removes it. */
export async function withPublisher(use: (publisher: Publisher) => Promise<void>): Promise<void> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "publisher-")));
  const clock = { now: NOW };
  const runtime = { ...systemRuntime(), now: () => clock.now };
  const [rootKey, key] = [await testKey(1), await testKey(2)];
  const folder = join(base, "releases");
  const place = async (name: string) => {
    const path = join(base, name);
    await mkdir(path, { recursive: true });
    return path;
  };
  try {
    const { root } = await init(folder, { app: APP, rootKeys: [rootKey], manifestKeys: [key], runtime });
    await use({ folder, runtime, clock, rootKey, key, root, place });
  } finally {
    await rm(base, { recursive: true });
  }
}

/** The bytes of a version's executable. */
export function executableOf(version: string, platform: string): Uint8Array {
  return new TextEncoder().encode(`#!/bin/sh\necho ${APP} ${version} # ${platform}\n`);
}

/** Writes the files of a version into a folder: one in tar and gzip, one in gzip alone, one as it is. */
export async function writeAssets(folder: string, version: string): Promise<void> {
  const linux = executableOf(version, "linux-x86_64");
  const header = { name: APP, size: linux.length, mode: 0o755, type: "file" as const };
  const tar = await packTar([{ header, body: linux }]);
  const name = (platform: string) => join(folder, `${APP}-v${version}-${platform}`);
  await writeFile(`${name("linux-x86_64")}.tar.gz`, gzipSync(tar));
  await writeFile(`${name("darwin-arm64")}.gz`, gzipSync(executableOf(version, "darwin-arm64")));
  await writeFile(`${name("windows-x86_64")}.exe`, executableOf(version, "windows-x86_64"));
}
