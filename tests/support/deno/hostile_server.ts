/**
 * A release server in an attacker's hands, and a compiled `cco` in a home folder that asks it for updates.
 *
 * @module
 */

import { join, relative } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { hostPlatform } from "../../../scripts/compile/platforms.ts";
import { Home, namesIn } from "../../../scripts/demo/home.ts";
import type { SecretKey } from "../../../src/minisign_secret.ts";
import {
  type FaultServer,
  type FaultServerOptions,
  startFaultServer,
} from "../../../src/testing/fault_server.ts";
import { digest } from "../release.ts";
import { signManifest } from "../signed_release.ts";
import { tarGz } from "../tar_archive.ts";
import { compiledVersion, RELEASE_KEY } from "./compiled_version.ts";
import { executableOf, NEW, OLD } from "./published.ts";

const DAY = 24 * 60 * 60 * 1000;
/** The manifest's name on the server. */
export const MANIFEST = "/version-manifest.json";
/** The archive's name on the server. */
export const ARCHIVE = `/cco-v${NEW}.tar.gz`;
/** The genuine new version: a script, because nothing here depends on its size. */
export const PROGRAM: Uint8Array = new TextEncoder().encode(`#!/bin/sh\necho cco ${NEW}\n`);

/** A manifest whose fields may be anything. */
export interface AnyManifest {
  [field: string]: unknown;
  sequence: unknown;
  latest: Record<string, string>;
  versions: Record<string, { [field: string]: unknown; platforms: Record<string, Record<string, unknown>> }>;
}

/** How {@link HostileServer.publish} signs. */
export interface Forgery {
  /** Who signs; the publisher unless given. */
  readonly keys?: readonly SecretKey[];
  /** The trusted comment; the right one unless given. */
  readonly comment?: string;
  /** Changes the text after it was signed. */
  readonly change?: (text: string) => string;
}

/** The server and its victim. */
export interface HostileServer {
  readonly server: FaultServer;
  /** Where {@link OLD} is installed. */
  readonly home: Home;
  /** The manifest that the publisher would sign next: {@link NEW}, in {@link ARCHIVE}. */
  readonly manifest: AnyManifest;
  /** The manifest's asset. */
  readonly asset: Record<string, unknown>;
  /** Signs {@link manifest} as it is now and serves it. */
  publish(forgery?: Forgery): Promise<void>;
  /** Serves an archive, whose true facts get into {@link manifest}. */
  pack(archive: Uint8Array, program?: Uint8Array): void;
  /** Everything in the home that an update must not touch, and whom the client believes. */
  snapshot(): Promise<Record<string, string>>;
}

/** How {@link hostileServer} is started. */
export interface HostileOptions {
  /** How the server is started. */
  readonly server?: FaultServerOptions;
  /** More of the client's environment, by the server's address. */
  readonly env?: (url: string) => Record<string, string> | Promise<Record<string, string>>;
}

/**
 * Starts the server, with a genuine release on it, and installs {@link OLD}. Everything is gone after the test.
 *
 * @param t The test.
 */
export async function hostileServer(
  t: Pick<TestContext, "after">,
  { server: serverOptions = {}, env = () => ({}) }: HostileOptions = {},
): Promise<HostileServer> {
  const old = await compiledVersion(OLD);
  const server = await startFaultServer(serverOptions);
  t.after(() => server.close());
  const home = await Home.make({ CCO_UPDATES_SOURCES: server.url + MANIFEST, ...await env(server.url) });
  t.after(() => home[Symbol.asyncDispose]());
  await home.install(executableOf(old).path);
  const manifest = genuineManifest();
  const asset = manifest.versions[NEW]!.platforms[hostPlatform()]!;
  const hostile: HostileServer = {
    server,
    home,
    manifest,
    asset,
    publish: async (forgery = {}) => await publish(server, manifest, forgery),
    pack: (archive, program = PROGRAM) => {
      const binary = { path: "cco", sha256: digest(program), size: program.length };
      Object.assign(asset, { sha256: digest(archive), size: archive.length, binary });
      server.serve(ARCHIVE, archive);
    },
    snapshot: async () => await snapshot(home),
  };
  hostile.pack(tarGz({ name: "cco", content: PROGRAM, mode: 0o755 }));
  await hostile.publish();
  return hostile;
}

function genuineManifest(): AnyManifest {
  return {
    schema: 1,
    app: "cco",
    sequence: 7,
    issued: new Date(Date.now() - DAY).toISOString(),
    expires: new Date(Date.now() + 90 * DAY).toISOString(),
    latest: { stable: NEW },
    versions: {
      [OLD]: { platforms: {} },
      [NEW]: { platforms: { [hostPlatform()]: { url: ARCHIVE.slice(1) } } },
    },
  };
}

async function publish(server: FaultServer, manifest: AnyManifest, forgery: Forgery): Promise<void> {
  const { keys = [RELEASE_KEY], comment, change = (text: string) => text } = forgery;
  const text = JSON.stringify(manifest, undefined, 2);
  const { signature } = await signManifest(text, keys, comment === undefined ? {} : { comment });
  server.serve(MANIFEST, change(text));
  server.serve(`${MANIFEST}.minisig`, signature!);
}

/** Of the state only whom the client believes, and that no download is left: when it last asked it may remember. */
async function snapshot(home: Home): Promise<Record<string, string>> {
  const state = join(home.folder, ".local", "state", "cco");
  const files: Record<string, string> = {};
  for (const path of await filesBelow(home.folder)) {
    if (!path.startsWith(state)) files[relative(home.folder, path)] = await describe(path);
  }
  const trust = await Deno.readTextFile(join(state, "trust.json")).catch(() => "{}");
  files["newest manifest"] = JSON.stringify(JSON.parse(trust).manifest ?? null);
  files["downloads"] = (await namesIn(join(state, "downloads"))).join();
  return files;
}

async function describe(path: string): Promise<string> {
  const { isSymlink, mode } = await Deno.lstat(path);
  return isSymlink ? `link ${await Deno.readLink(path)}` : `${mode?.toString(8)} ${await fileDigest(path)}`;
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    files.push(...isDirectory ? await filesBelow(join(folder, name)) : [join(folder, name)]);
  }
  return files.sort();
}
