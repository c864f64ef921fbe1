/**
 * Manifests as documents, good and bad, and the shortest way to a parsed one.
 *
 * @module
 */

import { type Manifest, parseManifest } from "../../src/manifest.ts";

/** A digest for assets nobody downloads. */
export const DIGEST = "ab".repeat(32);

/** An asset that is as it should be. */
export const ASSET = { url: "https://example.com/app-linux-x86_64.tar.gz", sha256: DIGEST };

/** Reads a document as if it had passed the trust rules. */
export function parsed(document: unknown): Manifest {
  return parseManifest(document, {
    source: "https://example.com/version-manifest.json",
    base: "https://example.com/version-manifest.json?token=1",
    trust: { signed: false, keyIds: [] },
  });
}

/** A manifest with one version, whose fields are given. */
export function withRelease(fields: Readonly<Record<string, unknown>>): unknown {
  return { latest: { stable: "1.0.0" }, versions: { "1.0.0": fields } };
}

/** A manifest with one version for one platform, whose asset has these fields besides. */
export function withAsset(fields: Readonly<Record<string, unknown>>): unknown {
  return withRelease({ platforms: { "linux-x86_64": { ...ASSET, ...fields } } });
}

/** A document and the JSON path at which it is refused; `undefined` when it is none that is refused. */
export interface ManifestCase {
  readonly name: string;
  readonly document: unknown;
  readonly refusedAt: string | undefined;
}

const time = (text: string) => ({ latest: {}, versions: {}, issued: text });
const version = (text: string) => ({ latest: {}, versions: { [text]: {} } });
const rollout = (fields: object) => withRelease({ rollout: { percent: 10, ...fields } });
const at = (rest: string) => `versions["1.0.0"].${rest}`;
const onAsset = (rest: string) => at(`platforms["linux-x86_64"].${rest}`);

/** Documents that the parser and the published schema must judge alike. */
export const MANIFEST_CASES: readonly ManifestCase[] = [
  good("nothing but the two maps", { latest: {}, versions: {} }),
  good("the seeds' fields only", {
    latest: { stable: "2025.11.2", beta: "2025.12.0-beta.1" },
    versions: {
      "2025.11.2": {
        date: "2025-11-15T10:00:00Z",
        release_notes: "https://example.com/notes",
        minimum_version: "2025.9.1",
        platforms: { "linux-x86_64": ASSET },
      },
    },
  }),
  good("every field there is", {
    schema: 1,
    app: "cco",
    sequence: 42,
    issued: "2025-11-17T14:00:00Z",
    expires: "2026-02-15T14:00:00.123Z",
    latest: { stable: "2025.11.2" },
    versions: {
      "2025.11.2": {
        notes: "- Fix",
        minimum_os: { darwin: "12.0" },
        critical: true,
        yanked: null,
        rollout: {
          percent: 12.5,
          start: "2025-11-17T14:00:00Z",
          duration: "72h",
          fallback: "1.0.0",
          paused: false,
        },
        platforms: {
          "linux-x86_64": {
            ...ASSET,
            mirrors: ["mirror/app.tar.gz"],
            size: 0,
            format: "tar.gz",
            binary: { path: "cco", sha256: DIGEST.toUpperCase(), size: 97076048 },
            deltas: [],
          },
        },
      },
    },
  }),
  good("unknown fields at the top, in a version, in an asset", {
    latest: {},
    versions: { "1.0.0": { later: 1, platforms: { "plan9-386": { ...ASSET, later: {} } } } },
    later: [],
  }),
  good("a channel that points nowhere", { latest: { stable: "9.9.9" }, versions: {} }),
  good("a version for no platform", withRelease({ platforms: {} })),
  good("no rollout", withRelease({ rollout: null })),
  good("the 29th of February of a leap year", time("2024-02-29T00:00:00Z")),
  good("a reason for a withdrawal", withRelease({ yanked: "loses data" })),
  good("the longest number of a version", version("0.0.999999999999999")),
  good("64 platforms", withPlatforms(64)),

  bad("null", null, "(the whole document)"),
  bad("a text", "manifest", "(the whole document)"),
  bad("a list", [], "(the whole document)"),
  bad("a list of channels", { latest: [], versions: {} }, "latest"),
  bad("a list of versions", { latest: {}, versions: [] }, "versions"),
  bad("a list as version", { latest: {}, versions: { "1.0.0": [] } }, 'versions["1.0.0"]'),
  bad("a list of platforms", withRelease({ platforms: [] }), at("platforms")),
  bad("a list of minimum systems", withRelease({ minimum_os: [] }), at("minimum_os")),
  bad("a list as rollout", withRelease({ rollout: [] }), at("rollout")),
  bad("no channels", { versions: {} }, "latest"),
  bad("no versions", { latest: {} }, "versions"),
  bad("schema 0", { schema: 0, latest: {}, versions: {} }, "schema"),
  bad("schema as text", { schema: "1", latest: {}, versions: {} }, "schema"),
  bad("half a schema", { schema: 1.5, latest: {}, versions: {} }, "schema"),
  bad("an empty app", { app: "", latest: {}, versions: {} }, "app"),
  bad("a negative sequence", { sequence: -1, latest: {}, versions: {} }, "sequence"),
  bad("a sequence above 2^53-1", { sequence: 2 ** 53, latest: {}, versions: {} }, "sequence"),
  bad("a broken sequence", { sequence: 1.5, latest: {}, versions: {} }, "sequence"),
  bad("a local time", time("2025-11-17T14:00:00"), "issued"),
  bad("a time with an offset", time("2025-11-17T14:00:00+01:00"), "issued"),
  bad("a month 13", time("2025-13-01T00:00:00Z"), "issued"),
  bad("the 30th of February", time("2025-02-30T00:00:00Z"), "issued"),
  bad("the 29th of February of a common year", time("2025-02-29T00:00:00Z"), "issued"),
  bad("hour 24", time("2025-02-20T24:00:00Z"), "issued"),
  bad("a leap second", time("2016-12-31T23:59:60Z"), "issued"),
  bad("a number as channel", { latest: { stable: 1 }, versions: {} }, "latest.stable"),
  bad("a channel that points to no version", { latest: { stable: "latest" }, versions: {} }, "latest.stable"),
  bad("a tag as version", version("v1.0.0"), 'versions["v1.0.0"]'),
  bad("two numbers as version", version("1.0"), 'versions["1.0"]'),
  bad("a leading zero", version("1.01.0"), 'versions["1.01.0"]'),
  bad("a space in a version", version("1.0.0 "), 'versions["1.0.0 "]'),
  bad("a line end after a version", version("1.0.0\n"), 'versions["1.0.0\\n"]'),
  bad("a number of 16 digits", version("0.0.1000000000000000"), 'versions["0.0.1000000000000000"]'),
  bad(
    "a prerelease number of 16 digits",
    version("1.0.0-1000000000000000"),
    'versions["1.0.0-1000000000000000"]',
  ),
  bad("an empty version", version(""), 'versions[""]'),
  bad(
    "a version of 257 characters",
    version(`1.0.0-${"a".repeat(251)}`),
    `versions["1.0.0-${"a".repeat(251)}"]`,
  ),
  bad("__proto__ as version", JSON.parse('{"latest":{},"versions":{"__proto__":{}}}'), "versions.__proto__"),
  bad("constructor as version", { latest: {}, versions: { constructor: {} } }, "versions.constructor"),
  bad("a version that is a number", { latest: {}, versions: { "1.0.0": 1 } }, 'versions["1.0.0"]'),
  bad("a yanked that is true", withRelease({ yanked: true }), at("yanked")),
  bad("critical as text", withRelease({ critical: "yes" }), at("critical")),
  bad(
    "a minimum version above all bounds",
    withRelease({ minimum_version: `${2 ** 60}.0.0` }),
    at("minimum_version"),
  ),
  bad("a minimum system as number", withRelease({ minimum_os: { darwin: 12 } }), at("minimum_os.darwin")),
  bad("a rollout of 101 percent", rollout({ percent: 101 }), at("rollout.percent")),
  bad("a negative rollout", rollout({ percent: -0.1 }), at("rollout.percent")),
  bad("a duration without unit", rollout({ duration: "72" }), at("rollout.duration")),
  bad("a fallback that is no version", rollout({ fallback: "stable" }), at("rollout.fallback")),
  bad(
    "an asset that is null",
    withRelease({ platforms: { "linux-x86_64": null } }),
    at('platforms["linux-x86_64"]'),
  ),
  bad(
    "an asset without address",
    withRelease({ platforms: { "linux-x86_64": { sha256: DIGEST } } }),
    onAsset("url"),
  ),
  bad(
    "an asset without digest",
    withRelease({ platforms: { "linux-x86_64": { url: "a" } } }),
    onAsset("sha256"),
  ),
  bad("an empty address", withAsset({ url: "" }), onAsset("url")),
  bad("an address with a line end", withAsset({ url: "https://example.com/a\nb" }), onAsset("url")),
  bad("a digest of 63 digits", withAsset({ sha256: "a".repeat(63) }), onAsset("sha256")),
  bad("a digest with a letter g", withAsset({ sha256: "g".repeat(64) }), onAsset("sha256")),
  bad("a negative size", withAsset({ size: -1 }), onAsset("size")),
  bad("a size as text", withAsset({ size: "1" }), onAsset("size")),
  bad("an unknown format", withAsset({ format: "rar" }), onAsset("format")),
  bad("17 mirrors", withAsset({ mirrors: Array(17).fill("a") }), onAsset("mirrors")),
  bad(
    "an executable without size",
    withAsset({ binary: { path: "a", sha256: DIGEST } }),
    onAsset("binary.size"),
  ),
  bad("65 platforms", withPlatforms(65), at("platforms")),
  bad("65 channels", { latest: many(65, (i) => [`c${i}`, "1.0.0"]), versions: {} }, "latest"),
  bad("5,001 versions", { latest: {}, versions: many(5001, (i) => [`${i}.0.0`, {}]) }, "versions"),
];

function good(name: string, document: unknown): ManifestCase {
  return { name, document, refusedAt: undefined };
}

function bad(name: string, document: unknown, refusedAt: string): ManifestCase {
  return { name, document, refusedAt };
}

function withPlatforms(count: number): unknown {
  return withRelease({ platforms: many(count, (i) => [`os${i}-x86_64`, ASSET]) });
}

function many(count: number, entry: (index: number) => [string, unknown]): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)));
}
