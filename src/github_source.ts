/**
 * GitHub as a source: which repository is meant, and where its manifest is.
 *
 * Each check asks this; what the API says about releases is another matter, and loaded when it is asked.
 *
 * @module
 */

/** A repository as a source: `github:owner/repo`, or `github:owner/repo#cli@` for the tags that begin with `cli@`. */
export interface GithubRepository {
  readonly owner: string;
  readonly name: string;
  /** What the tags of this program begin with, before the version; empty for most. */
  readonly tagPrefix: string;
}

/**
 * Reads a source of the form `github:owner/repo` or `github:owner/repo#prefix`.
 *
 * @param source The source.
 * @returns The repository, or `undefined` when it is no such source.
 */
export function parseGithubSource(source: string): GithubRepository | undefined {
  const [, owner, name, tagPrefix = ""] = /^github:([\w.-]+)\/([\w.-]+)(?:#([\w.@/+-]+))?$/.exec(source) ??
    [];
  return owner === undefined || name === undefined ? undefined : { owner, name, tagPrefix };
}

/**
 * The address of the manifest that needs no API: a file of the release that GitHub calls the latest.
 *
 * @param repository The repository.
 * @returns The address, or `undefined` where the latest release may be that of another program.
 */
export function githubManifestAddress({ owner, name, tagPrefix }: GithubRepository): string | undefined {
  return tagPrefix === ""
    ? `https://github.com/${owner}/${name}/releases/latest/download/version-manifest.json`
    : undefined;
}
