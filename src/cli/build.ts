/**
 * What a build of `cco` is: the facts that `deno task compile` writes into an executable.
 *
 * @module
 */

/** The facts compiled into an executable. Nothing at run time can add to `keys` or replace `root` (T29). */
export interface Build {
  /** The version, as SemVer: `2025.11.1`. */
  readonly version: string;
  /** Whether this executable insists on signed releases. */
  readonly kind: "release" | "development";
  /** Where manifests come from unless `updates.sources` says otherwise, tried in order. */
  readonly sources: string[];
  /** The minisign public keys that may vouch for a manifest. */
  readonly keys: string[];
  /** How many different keys must have signed. */
  readonly threshold: number;
  /** The first root of the chain of trust, as its text; used instead of `keys`. */
  readonly root?: string;
  /** The lowest manifest sequence this executable accepts, whatever its state folder says (T2). */
  readonly minimumSequence: number;
  /** Whether releases without a signature may be installed. */
  readonly allowUnsigned: boolean;
  /**
   * How long a new version may take to say its version, in milliseconds; the library's limit unless given. For slow
   * devices: a program of 100 MB that is read for the first time from a slow card takes longer than that.
   */
  readonly probeTimeout?: number;
}

/** Where `cco` looks for releases unless the build or the settings name another place. */
export const DEFAULT_SOURCES: readonly string[] = [
  "https://raw.githubusercontent.com/brentley/cco-releases/main/version-manifest.json",
  "github:brentley/cco-releases",
];

/**
 * A build without keys, for running from source.
 *
 * @param version The version it says it is.
 * @returns A development build with the default sources, which allows unsigned releases.
 */
export function developmentBuild(version: string): Build {
  return {
    version,
    kind: "development",
    sources: [...DEFAULT_SOURCES],
    keys: [],
    threshold: 1,
    minimumSequence: 0,
    allowUnsigned: true,
  };
}
