/**
 * Two compiled versions of `cco` on a release server, the older one installed in a home folder.
 *
 * @module
 */

import type { TestContext } from "node:test";
import type { CompiledFile } from "../../../scripts/compile.ts";
import { Home } from "../../../scripts/demo/home.ts";
import { publish, type ReleaseManifest, type Version } from "../../../scripts/demo/release.ts";
import { type ReleaseServer, startReleaseServer } from "../../../scripts/demo/release_server.ts";
import { compiledVersion, RELEASE_KEY } from "./compiled_version.ts";

/** The older version. */
export const OLD = "2025.11.1";
/** The newer version. */
export const NEW = "2025.11.2";
/** The newer version's notes. */
export const NOTES = "- Fix: Improved error handling";

/** What {@link published} has set up. */
export interface Published {
  /** The release server. */
  readonly server: ReleaseServer;
  /** What it publishes; see `publishManifest`. */
  readonly manifest: ReleaseManifest;
  /** The home folder with the older version. */
  readonly home: Home;
  /** The older version's executable as it was compiled. */
  readonly old: CompiledFile;
  /** The newer version's executable as it was compiled. */
  readonly new: CompiledFile;
}

/**
 * Publishes {@link OLD} and {@link NEW} and installs the older one; all of it is gone after the test.
 *
 * @param t The test.
 */
export async function published(t: Pick<TestContext, "after">): Promise<Published> {
  const [before, after] = await versions();
  const server = startReleaseServer();
  t.after(() => server[Symbol.asyncDispose]());
  const manifest = await publish(server, [before, after], RELEASE_KEY);
  const home = await homeWith(server);
  t.after(() => home[Symbol.asyncDispose]());
  await home.install(executableOf(before).path);
  return { server, manifest, home, old: executableOf(before), new: executableOf(after) };
}

/** Both versions, compiled when they are not in the cache. */
export async function versions(): Promise<[Version, Version]> {
  return [await compiledVersion(OLD), { ...await compiledVersion(NEW), notes: NOTES }];
}

/** A home whose `cco` looks for releases on a server. */
export async function homeWith(server: ReleaseServer): Promise<Home> {
  return await Home.make({ CCO_UPDATES_SOURCES: `${server.base}version-manifest.json` });
}

/** The only executable of a version. */
export function executableOf({ compiled }: Version): CompiledFile {
  const [made] = compiled;
  if (!made) throw new Error("Cannot install: the version was compiled for no platform");
  return made.executable;
}
