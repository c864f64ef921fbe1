import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type GithubRelease,
  newestFirst,
  nextPage,
  parseChecksums,
  parseGithubSource,
  parseReleases,
  releasesToDocument,
} from "../src/github.ts";
import { failsWith } from "./support/fails_with.ts";

const REPOSITORY = { owner: "o", name: "r", tagPrefix: "" };
const A = "a".repeat(64);
const B = "b".repeat(64);

function assetOf(name: string, sha256: string | undefined = A): unknown {
  return {
    name,
    size: 10,
    digest: sha256 && `sha256:${sha256}`,
    state: "uploaded",
    browser_download_url: `https://github.com/o/r/releases/download/t/${name}`,
    url: `https://api.github.com/assets/${name}`,
  };
}

function releasesOf(...tags: [tag: string, prerelease?: boolean, assets?: unknown[]][]): GithubRelease[] {
  const page = tags.map(([tag_name, prerelease = false, assets = []]) => ({ tag_name, prerelease, assets }));
  return newestFirst(parseReleases(page, REPOSITORY, "test"));
}

const OPTIONS = { checksums: new Map(), isSigned: false, isPrivate: false };

const sources: [source: string, repository: unknown][] = [
  ["github:o/r", { owner: "o", name: "r", tagPrefix: "" }],
  ["github:o.x/r-y_z#cli@", { owner: "o.x", name: "r-y_z", tagPrefix: "cli@" }],
  ["github:o/r#tools/cli-v", { owner: "o", name: "r", tagPrefix: "tools/cli-v" }],
  ["github:o", undefined],
  ["github:o/r/x", undefined],
  ["github:o/r#", undefined],
  ["github:o/r?x", undefined],
  ["https://github.com/o/r", undefined],
];
for (const [source, repository] of sources) {
  test(`parseGithubSource() ${repository ? "reads" : "does not read"} ${source}`, () => {
    assert.deepEqual(parseGithubSource(source), repository);
  });
}

const heads: [title: string, tags: [string, boolean?][], latest: unknown][] = [
  ["by SemVer, not by the list's order", [["v1.2.0"], ["v1.10.0"], ["v1.9.0"]], {
    stable: "1.10.0",
    beta: "1.10.0",
  }],
  ["a backport published last", [["v1.9.1"], ["v2.0.0"]], { stable: "2.0.0", beta: "2.0.0" }],
  ["calendar versions", [["2025.9.30"], ["2025.11.1"]], { stable: "2025.11.1", beta: "2025.11.1" }],
  ["a prerelease by its flag", [["v1.0.0"], ["v1.1.0", true]], { stable: "1.0.0", beta: "1.1.0" }],
  ["a prerelease by its version", [["v1.0.0"], ["v1.1.0-rc.1"]], { stable: "1.0.0", beta: "1.1.0-rc.1" }],
  ["nothing but prereleases", [["v1.1.0-rc.1"], ["v1.1.0-rc.2"]], { beta: "1.1.0-rc.2" }],
  ["a stable release newer than all betas", [["v1.1.0-rc.1"], ["v1.1.0"]], {
    stable: "1.1.0",
    beta: "1.1.0",
  }],
  ["tags that are no versions", [["latest"], ["v1.2"], ["nightly-1"], ["1.0.0"]], {
    stable: "1.0.0",
    beta: "1.0.0",
  }],
  ["two tags of one version", [["v1.0.0"], ["1.0.0", true]], { stable: "1.0.0", beta: "1.0.0" }],
  ["no releases", [], {}],
];
for (const [title, tags, latest] of heads) {
  test(`releasesToDocument() finds the heads: ${title}`, () => {
    assert.deepEqual(releasesToDocument(releasesOf(...tags), OPTIONS)["latest"], latest);
  });
}

test("parseReleases() leaves out drafts and other programs' tags", () => {
  const page = [
    { tag_name: "cli@1.0.0" },
    { tag_name: "cli@2.0.0", draft: true },
    { tag_name: "server@3.0.0" },
    { tag_name: "4.0.0" },
    { tag_name: null },
    null,
    "text",
  ];
  const releases = parseReleases(page, { ...REPOSITORY, tagPrefix: "cli@" }, "test");
  assert.deepEqual(releases.map(({ version }) => version), ["1.0.0"]);
});

test("parseReleases() refuses what is no list", async () => {
  const read = () =>
    Promise.resolve().then(() => parseReleases({ message: "Not Found" }, REPOSITORY, "here"));
  await failsWith(read(), "MANIFEST_INVALID", { source: "here", expected: "a list" });
});

const names: [name: string, target: string | undefined, format?: string][] = [
  ["cco-v1.2.0-linux-x86_64.tar.gz", "linux-x86_64", "tar.gz"],
  ["cco-v1.2.0-darwin-arm64.tar.gz", "darwin-arm64", "tar.gz"],
  ["cco-v1.2.0-windows-x86_64.zip", "windows-x86_64", "zip"],
  ["app_1.2.0_linux_amd64.tgz", "linux-x86_64", "tar.gz"],
  ["app_1.2.0_Darwin_arm64.zip", "darwin-arm64", "zip"],
  ["app-x86_64-unknown-linux-musl.gz", "linux-x86_64-musl", "gz"],
  ["app-aarch64-pc-windows-msvc.exe", "windows-aarch64", "raw"],
  ["app-macos-x64", "darwin-x86_64", "raw"],
  ["app-linux-x86_64.tar.gz.minisig", undefined],
  ["app-linux-x86_64.tar.gz.sha256", undefined],
  ["app-linux-x86_64.deb", undefined],
  ["app-linux-x86_64.sbom.json", undefined],
  ["app-linux-armv7.tar.gz", undefined],
  ["app-linux-i686.tar.gz", undefined],
  ["app-aarch64-linux-android.tar.gz", undefined],
  ["app-freebsd-x86_64.tar.gz", undefined],
  ["app-universal-darwin.tar.gz", undefined],
  ["app-linux.tar.gz", undefined],
  ["source.tar.gz", undefined],
  ["checksums.sha256", undefined],
  ["version-manifest.json", undefined],
];
for (const [name, target, format] of names) {
  test(`releasesToDocument() ${target ? `takes ${name} for ${target}` : `does not use ${name}`}`, () => {
    const releases = releasesOf(["v1.2.0", false, [assetOf(name)]]);
    const { versions } = releasesToDocument(releases, OPTIONS) as {
      versions: Record<string, { platforms: Record<string, { format: string }> }>;
    };
    const platforms = Object.entries(versions["1.2.0"]?.platforms ?? {});
    assert.deepEqual(platforms.map(([key, asset]) => [key, asset.format]), target ? [[target, format]] : []);
  });
}

function platformOf(
  asset: unknown,
  options: Partial<Parameters<typeof releasesToDocument>[1]> & { file?: string; published?: string },
): { sha256: string; url: string; mirrors: string[] } | undefined {
  const { file = "app-v1.2.0-linux-x86_64.tar.gz", published } = options;
  const checksums = new Map(published === undefined ? [] : [["1.2.0", new Map([[file, published]])]]);
  const releases = releasesOf(["v1.2.0", false, [asset]]);
  const { versions } = releasesToDocument(releases, { ...OPTIONS, checksums, ...options }) as {
    versions: Record<
      string,
      { platforms: Record<string, { sha256: string; url: string; mirrors: string[] }> }
    >;
  };
  return versions["1.2.0"]?.platforms["linux-x86_64"];
}

const NAME = "app-v1.2.0-linux-x86_64.tar.gz";

test("releasesToDocument() takes the publisher's digest, or GitHub's, and nothing without either", () => {
  assert.equal(platformOf(assetOf(NAME, A), { published: A })?.sha256, A);
  assert.equal(platformOf(assetOf(NAME, A), {})?.sha256, A);
  assert.equal(platformOf({ ...assetOf(NAME) as object, digest: null }, { published: B })?.sha256, B);
  assert.equal(platformOf({ ...assetOf(NAME) as object, digest: null }, {}), undefined);
});

test("releasesToDocument() stops when the publisher's digest and GitHub's differ", async () => {
  const read = () => Promise.resolve().then(() => platformOf(assetOf(NAME, A), { published: B }));
  await failsWith(read(), "DIGEST_MISMATCH", { expected: B, actual: A, file: NAME });
});

const signedNames: [name: string, isUsed: boolean][] = [
  [NAME, true],
  ["app_1.2.0_linux_amd64.tar.gz", true],
  ["app-linux-x86_64-1.2.0", true],
  ["app-linux-x86_64.tar.gz", false],
  ["app-v1.1.0-linux-x86_64.tar.gz", false],
  ["app-v11.2.0-linux-x86_64.tar.gz", false],
  ["app-v1.2.0.1-linux-x86_64.tar.gz", false],
  ["app-v1.2.01-linux-x86_64.tar.gz", false],
  ["app-v1.2.0-rc.1-linux-x86_64.tar.gz", false],
];
for (const [name, isUsed] of signedNames) {
  test(`signed checksums ${isUsed ? "vouch" : "do not vouch"} for ${name} as a file of 1.2.0 (T2)`, () => {
    const platform = platformOf(assetOf(name), { isSigned: true, file: name, published: A });
    assert.equal(platform?.sha256, isUsed ? A : undefined);
  });
}

test("signed releases use no digest but the signed one", () => {
  assert.equal(platformOf(assetOf(NAME), { isSigned: true, file: "other", published: A }), undefined);
  assert.equal(platformOf(assetOf(NAME), { isSigned: true }), undefined);
});

test("private releases are addressed through the API first", () => {
  const { url, mirrors } = platformOf(assetOf(NAME), { isPrivate: true }) ?? assert.fail("no platform");
  assert.equal(url, `https://api.github.com/assets/${NAME}`);
  assert.deepEqual(mirrors, [`https://github.com/o/r/releases/download/t/${NAME}`]);
});

test("parseChecksums() reads the format of sha256sum and leaves out everything else", () => {
  const text = `${A}  one\n${B.toUpperCase()} *./two\r\n\n# comment\n${
    A.slice(1)
  }  three\n${A} four\n${A}  fi ve\n`;
  assert.deepEqual([...parseChecksums(text)], [["one", A], ["two", B], ["fi ve", A]]);
});

const links: [header: string | null, next: string | undefined][] = [
  [null, undefined],
  ["", undefined],
  ['<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last"', "https://a/?page=2"],
  ['<https://a/?page=1>; rel="prev", <https://a/?page=3>; rel="next"', "https://a/?page=3"],
  ["<https://a/?page=2>; rel=next", "https://a/?page=2"],
  ['<https://a/?page=2>; title="x"; rel="first next"', "https://a/?page=2"],
  ['<https://a/?page=1>; rel="prev"', undefined],
  ['<https://a/?page=1>; rel="nextish"', undefined],
];
for (const [header, next] of links) {
  test(`nextPage() finds ${next} in ${header}`, () => {
    assert.equal(nextPage(header), next);
  });
}
