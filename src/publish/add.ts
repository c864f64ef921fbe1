import { systemRuntime } from "../../machine.ts";
import type { AssetDocument, ManifestDocument, ReleaseDocument } from "../manifest_schema.ts";
import { compareVersions, isVersion } from "../version.ts";
import {
  changeManifest,
  type Edited,
  type Publication,
  type PublishOptions,
  toTime,
} from "./change_manifest.ts";
import { digestAssets } from "./digest_assets.ts";
import { readReleaseFolder } from "./release_folder.ts";
import { refuseAddresses } from "./usable_address.ts";

/** What is said about a new version. */
export interface NewRelease {
  /** The version. */
  readonly version: string;
  /** The release notes, as text. */
  readonly notes?: string | undefined;
  /** Where the release notes can be read. */
  readonly notesUrl?: string | undefined;
  /** Older installations go through this version first. */
  readonly minimumVersion?: string | undefined;
  /** Whether it bypasses rollout and minimum age. */
  readonly critical?: boolean | undefined;
}

/** Options of {@link add}. */
export interface AddOptions extends PublishOptions, NewRelease {
  /** The folder with the version's files, `<app>-v<version>-<platform>.tar.gz` and the like: its absolute path. */
  readonly from: string;
  /** What comes before a file's name in its address; unless given, the files lie beside the manifest. */
  readonly url?: string | undefined;
  /** Ends it: archives may be large. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds a version: reads its files, digests each archive and the executable inside, and writes them into the manifest.
 * No channel points at it yet.
 *
 * @param folder The release folder's absolute path.
 * @param options The version and its files, and how it is published.
 * @returns What changed.
 * @throws {RangeError} When the version is there already: a published version never changes. When its minimum version
 *   is not there, or not older.
 * @throws {TypeError} When it is no SemVer version, its files are missing or contradict `checksums.sha256`, or clients
 *   could not use an address.
 * @throws {UpdateError} When an archive is not what a client accepts, or a client would refuse the result.
 */
export async function add(folder: string, options: AddOptions): Promise<Publication> {
  const runtime = options.runtime ?? systemRuntime();
  const { app, document } = await readReleaseFolder(runtime, folder);
  refuseKnown(document, options.version);
  refuseAddresses(options);
  const { version, url = "", signal } = options;
  const { assets, ignored } = await digestAssets(runtime, options.from, { app, version, url, signal });
  return await changeManifest(folder, options, (current, now) => {
    const edited = withRelease(current, options, assets, now);
    const left = ignored.map((name) => `not added: ${name}, which is for no platform that is known`);
    return { ...edited, changes: [...edited.changes, ...left] };
  });
}

/** The edit of {@link add}. `now` is the release's date, in milliseconds since the epoch. */
export function withRelease(
  document: ManifestDocument,
  release: NewRelease,
  platforms: Readonly<Record<string, AssetDocument>>,
  now: number,
): Edited {
  const { version, notes, notesUrl, minimumVersion, critical } = release;
  refuseKnown(document, version);
  if (minimumVersion !== undefined) refuseMinimum(document, version, minimumVersion);
  const entry: ReleaseDocument = {
    date: toTime(now),
    ...notes === undefined ? {} : { notes },
    ...notesUrl === undefined ? {} : { release_notes: notesUrl },
    ...minimumVersion === undefined ? {} : { minimum_version: minimumVersion },
    ...critical ? { critical } : {},
    platforms: { ...platforms },
  };
  const versions = { ...document.versions, [version]: entry };
  const changes = [`${version}: added for ${Object.keys(platforms).join(", ")}`];
  return { document: { ...document, versions }, changes };
}

function refuseKnown(document: ManifestDocument, version: string): void {
  if (!isVersion(version)) {
    throw new TypeError(`Cannot add ${JSON.stringify(version)}: it is no SemVer version`);
  }
  if (!Object.hasOwn(document.versions, version)) return;
  throw new RangeError(
    `Cannot add ${version}: the manifest has it already, and published versions never change`,
  );
}

/** Nobody could get to the version: the way to it leads through one that is not there, or through itself. */
function refuseMinimum(document: ManifestDocument, version: string, minimum: string): void {
  if (!isVersion(minimum)) {
    throw new TypeError(`Cannot add ${version}: the minimum version ${minimum} is no SemVer version`);
  }
  if (compareVersions(minimum, version) >= 0) {
    throw new RangeError(`Cannot add ${version}: the minimum version ${minimum} is not older`);
  }
  if (Object.hasOwn(document.versions, minimum)) return;
  throw new RangeError(
    `Cannot add ${version}: the manifest does not have the minimum version ${minimum}; add that first`,
  );
}
