import { changeManifest, type Publication, type PublishOptions } from "./change_manifest.ts";

/**
 * Publishes the same manifest with a new expiry: what a weekly job does, so that clients can tell silence from being cut
 * off (T3).
 *
 * @param folder The release folder's absolute path.
 * @param options How it is published.
 * @returns What changed.
 * @throws {UpdateError} When a client would refuse the result.
 */
export async function refresh(folder: string, options: PublishOptions): Promise<Publication> {
  const publication = await changeManifest(folder, options, (document) => ({ document, changes: [] }));
  return { ...publication, changes: [`expires: ${publication.expires}`] };
}
