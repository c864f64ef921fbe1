import type { ManifestDocument } from "../manifest_schema.ts";
import { compareVersions } from "../version.ts";
import { changeManifest, type Edited, type Publication, type PublishOptions } from "./change_manifest.ts";

/** Options of {@link promote}. */
export interface PromoteOptions extends PublishOptions {
  /** The version. */
  readonly version: string;
  /** The channel that points at it from now on; it is made when there is none of the name. */
  readonly channel: string;
  /** Whether the channel may go back to an older version. */
  readonly allowDowngrade?: boolean | undefined;
}

/**
 * Points a channel at a version.
 *
 * @param folder The release folder's absolute path.
 * @param options What to promote, and how it is published.
 * @returns What changed.
 * @throws {RangeError} When there is no such version, it was yanked, or the channel would go back.
 * @throws {TypeError} When the channel's name is not one.
 * @throws {UpdateError} When a client would refuse the result.
 */
export async function promote(folder: string, options: PromoteOptions): Promise<Publication> {
  return await changeManifest(folder, options, (document) => withPromotion(document, options));
}

/** The edit of {@link promote}. */
export function withPromotion(
  document: ManifestDocument,
  { version, channel, allowDowngrade }: Pick<PromoteOptions, "version" | "channel" | "allowDowngrade">,
): Edited {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(channel)) {
    throw new TypeError(`Cannot promote ${version}: ${JSON.stringify(channel)} is no name of a channel`);
  }
  const release = document.versions[version];
  if (!release) throw new RangeError(`Cannot promote ${version}: the manifest does not have it`);
  if (release.yanked) throw new RangeError(`Cannot promote ${version}: it was yanked (${release.yanked})`);
  const head = document.latest[channel];
  if (head !== undefined && compareVersions(version, head) < 0 && !allowDowngrade) {
    throw new RangeError(`Cannot promote ${version}: ${channel} is at ${head}, which is newer`);
  }
  const latest = { ...document.latest, [channel]: version };
  return { document: { ...document, latest }, changes: [`${channel}: ${head ?? "(new)"} → ${version}`] };
}
