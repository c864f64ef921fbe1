/**
 * Step 1: from an address to a manifest that may be acted upon.
 *
 * @module
 */

import { isUpdateError, UpdateError } from "./errors.ts";
import { parseGithubSource } from "./github_source.ts";
import type { Manifest } from "./manifest.ts";
import { withMirrors } from "./manifest_mirrors.ts";
import type { SourceOptions, StepOptions, TrustOptions } from "./options.ts";
import { systemRuntime } from "./runtime/default.ts";
import { raceSources } from "./sources_race.ts";
import { addressOf, findManifest, findReleases, type Found } from "./state_source.ts";
import { trustOf } from "./state_trust.ts";

/**
 * Where a manifest comes from: `https://…`, `file:///…`, `github:owner/repo`, or `github:owner/repo#cli@` where the
 * program's tags begin with `cli@`. Of several all are asked, and the best answer counts.
 */
export type Source = string | readonly string[];

/** Options of {@link fetchManifest}. */
export interface FetchManifestOptions extends StepOptions, TrustOptions, SourceOptions {}

/**
 * Fetches a manifest, checks it by the trust rules and reads it.
 *
 * With keys or a root, an accepted manifest is signed by its publisher for this program, not older than one seen
 * before, and not expired. Without, it is only well-formed, and nothing can be installed from it unless
 * `downloadVerified` is told to allow that. All sources are asked at once; the acceptable manifest with the highest
 * sequence counts, and of equals the one whose source comes first. Once one has been found the other sources have a
 * second left. GitHub's API is asked only when no source has a manifest.
 *
 * Permissions: network access to the source; reading and writing the state folder when keys or a root are given, and
 * reading the folders above it, to flush them, when it is new.
 *
 * @example Read a manifest from a folder
 * ```ts
 * import { fetchManifest } from "@cco/updater";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { pathToFileURL } from "node:url";
 *
 * const folder = await mkdtemp(join(tmpdir(), "manifest-"));
 * const path = join(folder, "version-manifest.json");
 * await writeFile(path, JSON.stringify({ latest: { stable: "1.5.0" }, versions: { "1.5.0": {} } }));
 *
 * const manifest = await fetchManifest(pathToFileURL(path).href);
 * assert.equal(manifest.latest.get("stable"), "1.5.0");
 * await rm(folder, { recursive: true });
 * ```
 *
 * @param source Where it comes from.
 * @param options Whom to trust and how to reach the source.
 * @returns The manifest.
 * @throws {UpdateError} `NETWORK`, `TIMEOUT`, `HTTP_STATUS`, `RATE_LIMITED`, `ADDRESS_REFUSED`, `TOO_LARGE`,
 *   `UNTRUSTED`, `MANIFEST_INVALID`, `MANIFEST_TOO_NEW`: of the first source, with the others' errors as its `cause`.
 * @throws {TypeError} When a source is no address, or keys are given without `app`.
 */
export async function fetchManifest(source: Source, options: FetchManifestOptions = {}): Promise<Manifest> {
  const sources = typeof source === "string" ? [source] : [...source];
  if (sources.length === 0) throw new TypeError("Cannot fetch a manifest: current value is an empty list");
  const runtime = options.runtime ?? systemRuntime();
  const trust = trustOf(options);
  sources.forEach(addressOf);
  const withoutManifest = new Set<string>();
  const first = await raceSources(
    runtime,
    sources.map((each) => (signal) =>
      findManifest(runtime, each, trust, { ...options, signal }).catch((error: unknown) => {
        if (isUpdateError(error) && error.code === "HTTP_STATUS" && error.details.status === 404) {
          withoutManifest.add(each);
        }
        throw error;
      })
    ),
    options.signal,
  );
  if (first.answers.length > 0) return await accept(bestOf(first.answers));
  const repositories = [...withoutManifest].filter((each) => parseGithubSource(each) !== undefined);
  const second = await raceSources(
    runtime,
    repositories.map((each) => (signal) => findReleases(runtime, each, trust, { ...options, signal })),
    options.signal,
  );
  if (second.answers.length > 0) return await accept(bestOf(second.answers));
  throw firstOf([...second.failures, ...first.failures]);
}

async function accept({ manifest, remember }: Found): Promise<Manifest> {
  await remember();
  return manifest;
}

/** The newest one; two different ones under one number are an attack (T2, T8). */
function bestOf(answers: readonly Found[]): Found {
  const sequence = ({ manifest }: Found): number => manifest.sequence ?? -1;
  const best = answers.reduce((best, each) => sequence(each) > sequence(best) ? each : best);
  const equals = answers.filter((each) => each !== best && sequence(each) === sequence(best));
  const other = equals.find(({ sha256 }) => sha256 !== best.sha256);
  if (other === undefined) {
    const same = best.sha256 === undefined ? [] : equals.map(({ manifest }) => manifest);
    return { ...best, manifest: withMirrors(best.manifest, same) };
  }
  const source = other.manifest.source;
  const message =
    `Signature verification failed: ${best.manifest.source} and ${source} give different manifests ` +
    `under the number ${best.manifest.sequence}; tell the publisher`;
  throw new UpdateError("UNTRUSTED", message, { source, reason: "equivocation" });
}

/** The first source is the one the publisher prefers: its last failure is the one to act upon. */
function firstOf([first, ...others]: readonly Error[]): unknown {
  if (others.length > 0 && first !== undefined) {
    const errors = first.cause === undefined ? others : [first.cause, ...others];
    first.cause = new AggregateError(errors, "The other sources failed too");
  }
  return first;
}
