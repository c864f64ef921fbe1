/**
 * A release as publishers make it: compiled executables, their archives, and the signed manifest that names them.
 *
 * @module
 */

import { basename } from "node:path";
import { type SecretKey, signMessage } from "../../src/minisign_secret.ts";
import type { CompiledPlatform } from "../compile.ts";
import type { ReleaseServer } from "./release_server.ts";

const DAY = 24 * 60 * 60 * 1000;

/** One version of the program, compiled. */
export interface Version {
  /** The version. */
  readonly version: string;
  /** What was made of it, for each platform. */
  readonly compiled: readonly CompiledPlatform[];
  /** What is new in it. */
  readonly notes?: string;
}

/** A manifest before it is text; every field can be changed to see what becomes of it. */
export interface ReleaseManifest {
  [field: string]: unknown;
  sequence: number;
  latest: Record<string, string>;
  versions: Record<string, { [field: string]: unknown; platforms: Record<string, Record<string, unknown>> }>;
}

/**
 * Publishes versions: their archives and a signed manifest whose stable channel points at the last one.
 *
 * @param server Where.
 * @param versions The versions, oldest first.
 * @param key Signs the manifest.
 * @returns The manifest.
 */
export async function publish(
  server: ReleaseServer,
  versions: readonly Version[],
  key: SecretKey,
): Promise<ReleaseManifest> {
  for (const { archive } of versions.flatMap((version) => version.compiled)) {
    server.files.set(basename(archive.path), archive.path);
  }
  const manifest = manifestOf(versions, server.base);
  await publishManifest(server, manifest, key);
  return manifest;
}

/**
 * Publishes a manifest in place of the one that is there.
 *
 * @param server Where.
 * @param manifest The manifest.
 * @param key Signs it.
 */
export async function publishManifest(
  server: ReleaseServer,
  manifest: ReleaseManifest,
  key: SecretKey,
): Promise<void> {
  const text = JSON.stringify(manifest, undefined, 2);
  const { app, sequence, expires } = manifest;
  const trustedComment = `cco-manifest/1 ${app} seq=${sequence} expires=${expires}`;
  const signature = await signMessage(new TextEncoder().encode(text), key, { trustedComment });
  server.files.set("version-manifest.json", { text });
  server.files.set("version-manifest.json.minisig", { text: signature });
}

function manifestOf(versions: readonly Version[], base: string): ReleaseManifest {
  const newest = versions.at(-1);
  if (newest === undefined) throw new TypeError("Cannot publish: there is no version");
  return {
    schema: 1,
    app: "cco",
    sequence: versions.length,
    issued: new Date().toISOString(),
    expires: new Date(Date.now() + 90 * DAY).toISOString(),
    latest: { stable: newest.version },
    versions: Object.fromEntries(versions.map((version) => [version.version, releaseOf(version, base)])),
  };
}

function releaseOf({ compiled, notes }: Version, base: string): ReleaseManifest["versions"][string] {
  return {
    date: new Date().toISOString(),
    ...notes === undefined ? {} : { notes },
    platforms: Object.fromEntries(compiled.map((made) => [made.platform.name, assetOf(made, base)])),
  };
}

function assetOf({ executable, archive, platform }: CompiledPlatform, base: string): Record<string, unknown> {
  return {
    url: base + basename(archive.path),
    sha256: archive.sha256,
    size: archive.size,
    binary: { path: platform.executable, sha256: executable.sha256, size: executable.size },
  };
}
