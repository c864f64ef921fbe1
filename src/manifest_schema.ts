/**
 * The form of `version-manifest.json` as types. What holds of the values is in `manifest_values.ts` and, for people and
 * other programs, in `docs/version-manifest.schema.json`.
 *
 * @module
 */

import type { ArchiveFormat } from "./archive_format.ts";

/** The newest `schema` number this program reads. */
export const MANIFEST_SCHEMA = 1;

/** A manifest as it stands in its file. */
export interface ManifestDocument {
  schema?: typeof MANIFEST_SCHEMA | undefined;
  app?: string | undefined;
  sequence?: number | undefined;
  issued?: string | undefined;
  expires?: string | undefined;
  latest: { [channel: string]: string };
  versions: { [version: string]: ReleaseDocument };
  [unknown: string]: unknown;
}

/** A version as it stands in a manifest. */
export interface ReleaseDocument {
  date?: string | undefined;
  release_notes?: string | undefined;
  notes?: string | undefined;
  minimum_version?: string | undefined;
  minimum_os?: { [os: string]: string } | undefined;
  critical?: boolean | undefined;
  yanked?: string | null | undefined;
  rollout?: RolloutDocument | null | undefined;
  platforms?: { [target: string]: AssetDocument } | undefined;
  [unknown: string]: unknown;
}

/** A rollout as it stands in a manifest. */
export interface RolloutDocument {
  percent: number;
  start?: string | undefined;
  duration?: string | undefined;
  fallback?: string | undefined;
  paused?: boolean | undefined;
  [unknown: string]: unknown;
}

/** A platform's file as it stands in a manifest. */
export interface AssetDocument {
  url: string;
  mirrors?: string[] | undefined;
  sha256: string;
  size?: number | undefined;
  format?: ArchiveFormat | undefined;
  binary?: { path: string; sha256: string; size: number; [unknown: string]: unknown } | undefined;
  deltas?: unknown[] | undefined;
  [unknown: string]: unknown;
}
