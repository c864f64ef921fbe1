import { createDurably, type Runtime, systemRuntime } from "../../machine.ts";
import { fromUtf8, toUtf8 } from "../bytes.ts";
import type { SecretKey } from "../minisign_secret.ts";
import { inFolder } from "../path.ts";
import { signManifest, toTime } from "./change_manifest.ts";
import { decideAsClient, MANIFEST_NAME, rootName } from "./release_folder.ts";
import { signRoot, withKeys } from "./rotate.ts";
import { refreshWorkflow } from "./workflow.ts";

/** Options of {@link init}. */
export interface InitOptions {
  /** The program's name. */
  readonly app: string;
  /** May sign the next root: kept offline. */
  readonly rootKeys: readonly SecretKey[];
  /** How many of {@link rootKeys} must sign; 1 unless given. */
  readonly rootThreshold?: number | undefined;
  /** May sign manifests. */
  readonly manifestKeys: readonly SecretKey[];
  /** How many of {@link manifestKeys} must sign; 1 unless given. */
  readonly manifestThreshold?: number | undefined;
  /** For how long the first root holds, in milliseconds; a year unless given. */
  readonly rootValidity?: number | undefined;
  /** For how long the first manifest holds, in milliseconds; 90 days unless given. */
  readonly validity?: number | undefined;
  /** Says what would be written, and writes nothing. Everything is checked as if. */
  readonly dryRun?: boolean | undefined;
  /** The machine; this one unless given. */
  readonly runtime?: Runtime | undefined;
}

/** What {@link init} wrote, or would have written. */
export interface NewReleaseFolder {
  /** The files, by their names in the folder. */
  readonly files: readonly string[];
  /** The first root as text: what is compiled into the program. */
  readonly root: string;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Makes a release folder: the first root, an empty manifest, both signed, and a workflow that renews the manifest every
 * week. The folder is made when it is not there. A file that is there is never replaced. No secret is written into it.
 *
 * @param folder The folder's absolute path.
 * @param options The program and its keys.
 * @returns What was written, and the root to compile in.
 * @throws {TypeError} When a file is there already, or a key or the name cannot be used.
 * @throws {RangeError} When a threshold is not from 1 to the number of keys.
 */
export async function init(folder: string, options: InitOptions): Promise<NewReleaseFolder> {
  const runtime = options.runtime ?? systemRuntime();
  const now = runtime.now();
  const { app, rootKeys, manifestKeys } = options;
  // The name begins the names of files and is the executable's in the archives: it must not lead anywhere else (T19).
  if (!/^[A-Za-z0-9][!-.0-[\]-~]*$/.test(app)) {
    throw new TypeError(
      `Cannot use the name ${JSON.stringify(app)}: it does not fit into the name of a file`,
    );
  }
  const texts = (keys: readonly SecretKey[]) => keys.map(({ publicKey }) => publicKey.text);
  const root = await signRoot({
    type: "root",
    app,
    version: 1,
    expires: toTime(now + (options.rootValidity ?? 365 * DAY)),
    ...withKeys(undefined, {
      root: { keys: texts(rootKeys), threshold: options.rootThreshold },
      manifest: { keys: texts(manifestKeys), threshold: options.manifestThreshold },
    }),
  }, rootKeys);
  const expires = toTime(now + (options.validity ?? 90 * DAY));
  const document = {
    schema: 1 as const,
    app,
    sequence: 1,
    issued: toTime(now),
    expires,
    latest: {},
    versions: {},
  };
  const manifest = await signManifest(document, manifestKeys);
  await decideAsClient({ path: folder, app, manifest, roots: [root] }, now);
  const files: [name: string, bytes: Uint8Array | undefined][] = [
    [`.github/workflows/refresh.yml`, toUtf8(refreshWorkflow())],
    [`${rootName(1)}.minisig`, root.signature],
    [rootName(1), root.bytes],
    [`${MANIFEST_NAME}.minisig`, manifest.signature],
    [MANIFEST_NAME, manifest.bytes],
  ];
  for (const [name] of files) {
    if (await runtime.fs.stat(inFolder(folder, name)) === undefined) continue;
    throw new TypeError(`Cannot make a release folder at ${folder}: it has a ${name} already`);
  }
  if (!options.dryRun) await createAll(runtime, folder, files);
  return { files: files.map(([name]) => name), root: fromUtf8(root.bytes) };
}

async function createAll(
  runtime: Runtime,
  folder: string,
  files: readonly (readonly [name: string, bytes: Uint8Array | undefined])[],
): Promise<void> {
  await runtime.fs.makeDirectory(inFolder(inFolder(folder, ".github"), "workflows"), 0o755);
  const made: string[] = [];
  try {
    for (const [name, bytes] of files) {
      await createDurably(runtime, inFolder(folder, name), bytes ?? new Uint8Array(), { mode: 0o644 });
      made.push(inFolder(folder, name));
    }
  } catch (error) {
    for (const path of made.reverse()) await runtime.fs.remove(path);
    throw error;
  }
}
