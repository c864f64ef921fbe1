import type { ManifestDocument } from "../manifest_schema.ts";
import { compareVersions, prereleaseTag } from "../version.ts";
import { changeManifest, type Edited, type Publication, type PublishOptions } from "./change_manifest.ts";

/** Options of {@link yank}. */
export interface YankOptions extends PublishOptions {
  /** The version. */
  readonly version: string;
  /** Why, for everybody to read. */
  readonly reason: string;
}

/**
 * Withdraws a version: it is never offered again, and installations of it are offered the channel's head, even when that
 * is older. A channel that points at it goes back to the newest version before it that was not yanked; a channel at a
 * version without prerelease part stays with such versions.
 *
 * @param folder The release folder's absolute path.
 * @param options What to yank, and how it is published.
 * @returns What changed.
 * @throws {RangeError} When there is no such version, or a channel would be left without one.
 * @throws {TypeError} When there is no reason.
 * @throws {UpdateError} When a client would refuse the result.
 */
export async function yank(folder: string, options: YankOptions): Promise<Publication> {
  return await changeManifest(folder, options, (document) => withYank(document, options));
}

/** The edit of {@link yank}. */
export function withYank(
  document: ManifestDocument,
  { version, reason }: Pick<YankOptions, "version" | "reason">,
): Edited {
  if (reason.trim() === "") throw new TypeError(`Cannot yank ${version}: there is no reason`);
  const release = document.versions[version];
  if (!release) throw new RangeError(`Cannot yank ${version}: the manifest does not have it`);
  const versions = { ...document.versions, [version]: { ...release, yanked: reason } };
  const yanked = { ...document, versions };
  const changes = [`${version}: yanked (${reason})`];
  const latest = { ...document.latest };
  for (const [channel, head] of Object.entries(latest)) {
    if (head !== version) continue;
    latest[channel] = newestBefore(yanked, version, channel);
    changes.push(`${channel}: ${version} → ${latest[channel]}`);
  }
  return { document: { ...yanked, latest }, changes };
}

function newestBefore(document: ManifestDocument, version: string, channel: string): string {
  const isFinal = prereleaseTag(version) === undefined;
  const candidates = Object.entries(document.versions)
    .filter(([other, { yanked }]) => !yanked && compareVersions(other, version) < 0)
    .map(([other]) => other)
    .filter((other) => !isFinal || prereleaseTag(other) === undefined);
  const newest = candidates.sort(compareVersions).at(-1);
  if (newest !== undefined) return newest;
  throw new RangeError(`Cannot yank ${version}: ${channel} would have no version; publish another one first`);
}
