import assert from "node:assert/strict";
import { test } from "node:test";
import { isUpdateError } from "../src/errors.ts";
import { type Asset, parseManifest } from "../src/manifest.ts";
import {
  ASSET,
  DIGEST,
  MANIFEST_CASES,
  parsed,
  withAsset,
  withRelease,
} from "./support/manifest_documents.ts";

for (const { name, document, refusedAt } of MANIFEST_CASES) {
  test(`parseManifest() ${refusedAt === undefined ? "accepts" : "refuses"} ${name}`, () => {
    if (refusedAt === undefined) return void parsed(document);
    assert.throws(() => parsed(document), (error) => {
      assert(isUpdateError(error) && error.code === "MANIFEST_INVALID");
      assert.equal(error.details.path, refusedAt);
      assert(error.message.includes(`expected ${error.details.expected} at ${refusedAt}`), error.message);
      return true;
    });
  });
}

test("parseManifest() refuses a newer schema without looking at the rest", () => {
  assert.throws(() => parsed({ schema: 2, everything: "else is different" }), (error) => {
    assert(isUpdateError(error) && error.code === "MANIFEST_TOO_NEW");
    assert.deepEqual(error.details, {
      source: "https://example.com/version-manifest.json",
      schema: 2,
      supported: 1,
    });
    return true;
  });
});

test("parseManifest() refuses an address that cannot be resolved", () => {
  assert.throws(() => parsed(withAsset({ url: "https://" })), { code: "MANIFEST_INVALID" });
  assert.throws(() => parsed(withAsset({ mirrors: ["http://[::1"] })), { code: "MANIFEST_INVALID" });
});

test("parseManifest() reads what the seeds have, and leaves out what they do not have", () => {
  const manifest = parsed(
    withRelease({ date: "2025-11-15T10:00:00Z", platforms: { "linux-x86_64": ASSET } }),
  );
  const release = manifest.versions.get("1.0.0");
  assert.equal(manifest.latest.get("stable"), "1.0.0");
  assert.equal(manifest.expires, undefined);
  assert.deepEqual({ ...release, assets: [...release!.assets.keys()] }, {
    version: "1.0.0",
    date: Date.UTC(2025, 10, 15, 10),
    notes: undefined,
    notesUrl: undefined,
    minimumVersion: undefined,
    minimumOs: new Map(),
    critical: false,
    yanked: undefined,
    rollout: undefined,
    assets: ["linux-x86_64"],
  });
});

test("parseManifest() reads every field of a rollout", () => {
  const rollout = {
    percent: 12.5,
    start: "2025-11-17T14:00:00Z",
    duration: "1d12h",
    fallback: "0.9.0",
    paused: true,
  };
  assert.deepEqual(parsed(withRelease({ rollout })).versions.get("1.0.0")?.rollout, {
    percent: 12.5,
    start: Date.UTC(2025, 10, 17, 14),
    duration: 36 * 3600 * 1000,
    fallback: "0.9.0",
    paused: true,
  });
});

const durations: [text: string, milliseconds: number][] = [
  ["1s", 1000],
  ["2m", 120_000],
  ["72h", 259_200_000],
  ["1w1d", 691_200_000],
  ["0s", 0],
];

for (const [text, milliseconds] of durations) {
  test(`parseManifest() reads the duration ${text} as ${milliseconds} ms`, () => {
    const rollout = { percent: 1, duration: text };
    const release = parsed(withRelease({ rollout })).versions.get("1.0.0");
    assert.equal(release?.rollout?.duration, milliseconds);
  });
}

test("parseManifest() resolves relative addresses against the manifest's own, mirrors after the first", () => {
  const asset = assetOf(withAsset({ url: "v1/app.zip", mirrors: ["//mirror.example/app.zip", "/app.zip"] }));
  assert.deepEqual(asset?.urls, [
    "https://example.com/v1/app.zip",
    "https://mirror.example/app.zip",
    "https://example.com/app.zip",
  ]);
});

test("parseManifest() says which mirror cannot be resolved", () => {
  const mirrors = ["https://mirror.example/app.zip", "https://[mirror/app.zip"];
  assert.throws(() => parsed(withAsset({ url: "v1/app.zip", mirrors })), /at versions.*\.mirrors\["1"\]/);
});

test("parseManifest() resolves relative addresses of a manifest in a folder", () => {
  const manifest = parseManifest(withAsset({ url: "app.gz" }), {
    source: "file:///srv/releases/version-manifest.json",
    base: "file:///srv/releases/version-manifest.json",
    trust: { signed: false, keyIds: [] },
  });
  const asset = manifest.versions.get("1.0.0")?.assets.get("linux-x86_64");
  assert.deepEqual(asset?.urls, ["file:///srv/releases/app.gz"]);
  assert.equal(asset?.format, "gz");
});

const formats: [url: string, format: Asset["format"]][] = [
  ["app.tar.gz?signature=x.zip", "tar.gz"],
  ["app.tgz", "tar.gz"],
  ["app.ZIP", "zip"],
  ["app.gz", "gz"],
  ["app.br", "br"],
  ["app.exe", "raw"],
  ["app#.zip", "raw"],
];

for (const [url, format] of formats) {
  test(`parseManifest() takes ${url} for ${format}`, () => {
    assert.equal(assetOf(withAsset({ url }))?.format, format);
  });
}

test("parseManifest() believes the format that is given, not the name", () => {
  assert.equal(assetOf(withAsset({ url: "download?id=1", format: "zip" }))?.format, "zip");
});

test("parseManifest() lower-cases digests", () => {
  const binary = { path: "app", sha256: DIGEST.toUpperCase(), size: 1 };
  const asset = assetOf(withAsset({ sha256: DIGEST.toUpperCase(), binary }));
  assert.equal(asset?.sha256, DIGEST);
  assert.equal(asset?.binary?.sha256, DIGEST);
});

test("parseManifest() does not use an asset with fields it does not know, and keeps the others", () => {
  const platforms = { "linux-x86_64": { ...ASSET, encrypted: true }, "darwin-arm64": ASSET };
  const release = parsed(withRelease({ platforms })).versions.get("1.0.0");
  assert.deepEqual([...release!.assets.keys()], ["darwin-arm64"]);
});

test("parseManifest() files assets under canonical names and keeps platforms it has never heard of", () => {
  const platforms = { "x86_64-unknown-linux-gnu": ASSET, "aarch64-apple-darwin": ASSET, "plan9-386": ASSET };
  const release = parsed(withRelease({ platforms })).versions.get("1.0.0");
  assert.deepEqual([...release!.assets.keys()], ["linux-x86_64", "darwin-arm64", "plan9-386"]);
});

test("parseManifest() lets names such as __proto__ reach nothing", () => {
  const asset = JSON.stringify(ASSET);
  const manifest = parsed(JSON.parse(
    `{"__proto__":{"app":"evil"},"latest":{"__proto__":"1.0.0","stable":"1.0.0"},` +
      `"versions":{"1.0.0":{"platforms":{"__proto__":${asset},"constructor-x64":${asset}}}}}`,
  ));
  assert.equal(manifest.app, undefined);
  assert.deepEqual([...manifest.latest.keys()], ["stable"]);
  assert.deepEqual([...manifest.versions.get("1.0.0")!.assets.keys()], ["constructor-x64"]);
  assert.equal(({} as { app?: string }).app, undefined);
});

test("parseManifest() hands on where the manifest is from and who vouches for it", () => {
  const trust = { signed: true, keyIds: ["E7620F1842B4E81F"] };
  const origin = {
    source: "https://example.com/m.json",
    base: "https://user:pass@example.com/m.json",
    trust,
  };
  const manifest = parseManifest({ latest: {}, versions: {} }, origin);
  assert.equal(manifest.source, "https://example.com/m.json");
  assert.equal(manifest.trust, trust);
});

function assetOf(document: unknown): Asset | undefined {
  return parsed(document).versions.get("1.0.0")?.assets.get("linux-x86_64");
}
