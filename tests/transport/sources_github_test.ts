import assert from "node:assert/strict";
import type { UpdateErrorCode } from "../../src/errors.ts";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { APP, manifestText, signManifest, signText, testKey } from "../support/signed_release.ts";
import { BINARY, githubRuntime, release, RELEASES, serveFiles } from "./support/github.ts";
import { CANARY, digest, FILE, optionsFor, serveManifest, statusesOf } from "./support/sources.ts";

serverTest(
  "github: takes the newest release's manifest, without the API and without the token",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      await serveManifest(server, "/github.com/o/r/releases/latest/download");
      const options = await optionsFor(folder, githubRuntime(server));
      const manifest = await fetchManifest("github:o/r", { ...options, githubToken: CANARY });
      assert.equal(manifest.source, `https://github.com/o/r/releases/latest/download/${FILE}`);
      assert.equal(statusesOf(server).length, 2);
      for (const { path, headers } of server.requests) {
        assert.match(path, /^\/github\.com\//);
        assert.equal(headers.get("authorization"), undefined);
      }
    });
  },
);

serverTest("github: asks the API where no release has a manifest, page by page", {}, async (server) => {
  const files = { [BINARY]: "new" };
  const next = `<https://api.github.com/repositories/1/releases?per_page=100&page=2>; rel="next"`;
  server.serve(RELEASES, JSON.stringify([release("v1.1.0", {}), release("v9.0.0", {}, { draft: true })]));
  server.serve("/api.github.com/repositories/1/releases", JSON.stringify([release("v1.2.0", files)]));
  server.fault(RELEASES, { kind: "headers", headers: { link: next } });
  const manifest = await fetchManifest("github:o/r", { runtime: githubRuntime(server), githubToken: CANARY });
  assert.deepEqual(Object.fromEntries(manifest.latest), { stable: "1.2.0", beta: "1.2.0" });
  const asset = manifest.versions.get("1.2.0")?.assets.get("linux-x86_64");
  assert.equal(asset?.sha256, digest("new"));
  assert.deepEqual(manifest.trust, { signed: false, keyIds: [] });
  const tokens = server.requests.map((
    { path, headers },
  ) => [path.split("/")[1], headers.get("authorization")]);
  assert.deepEqual(tokens, [
    ["github.com", undefined],
    ["api.github.com", `Bearer ${CANARY}`],
    ["api.github.com", `Bearer ${CANARY}`],
  ]);
});

serverTest("github: does not ask the API while another source has a manifest", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "/mirror");
    const options = await optionsFor(folder, githubRuntime(server));
    assert.equal((await fetchManifest(["github:o/r", url], options)).source, url);
    assert(server.requests.every(({ path }) => !path.startsWith("/api.")));
  });
});

serverTest("github:owner/repo#cli@ uses the releases of that program only", {}, async (server) => {
  await serveManifest(server, "/github.com/o/r/releases/latest/download");
  const page = [release("server@9.0.0", {}), release("cli@1.2.0", { [BINARY]: "new" }), release("3.0.0", {})];
  server.serve(RELEASES, JSON.stringify(page));
  const manifest = await fetchManifest("github:o/r#cli@", { runtime: githubRuntime(server) });
  assert.deepEqual([...manifest.versions.keys()], ["1.2.0"]);
  assert.equal(server.requests[0]?.path, `${RELEASES}?per_page=100`);
});

serverTest(
  "github: finds a manifest among the files of a private release through the API",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const { bytes, signature = new Uint8Array() } = await signManifest(manifestText(), [await testKey(1)]);
      const text = (content: Uint8Array) => new TextDecoder().decode(content);
      const files = { [FILE]: text(bytes), [`${FILE}.minisig`]: text(signature) };
      server.serve(RELEASES, JSON.stringify([release("v1.2.0", files)]));
      serveFiles(server, "v1.2.0", files);
      server.remove(`/github.com/o/r/releases/download/v1.2.0/${FILE}`);
      const options = await optionsFor(folder, githubRuntime(server));
      const manifest = await fetchManifest("github:o/r", { ...options, githubToken: CANARY });
      assert.equal(manifest.sequence, 5);
      const asked = server.requests.find(({ path }) => path.endsWith(`v1.2.0-${FILE}`));
      assert.equal(asked?.headers.get("accept"), "application/octet-stream");
    });
  },
);

serverTest("github: checks GitHub's digests against the publisher's", {}, async (server) => {
  const files = { [BINARY]: "new", "checksums.sha256": `${digest("new")}  ${BINARY}\n` };
  server.serve(RELEASES, JSON.stringify([release("v1.2.0", files)]));
  serveFiles(server, "v1.2.0", files);
  const runtime = githubRuntime(server);
  assert.equal((await fetchManifest("github:o/r", { runtime })).versions.size, 1);
  serveFiles(server, "v1.2.0", { "checksums.sha256": `${digest("old")}  ${BINARY}\n` });
  await failsWith(fetchManifest("github:o/r", { runtime }), "DIGEST_MISMATCH", {
    expected: digest("old"),
    actual: digest("new"),
  });
});

const signatures: [
  title: string,
  comment: string | undefined,
  key: number,
  outcome: "signed" | UpdateErrorCode,
][] = [
  ["a good signature", `cco-file/1 ${APP} checksums.sha256`, 1, "signed"],
  ["no signature", undefined, 1, "UNTRUSTED"],
  ["another key's signature", `cco-file/1 ${APP} checksums.sha256`, 2, "UNTRUSTED"],
  [
    "a signature for another purpose",
    `cco-manifest/1 ${APP} seq=1 expires=2026-02-01T00:00:00Z`,
    1,
    "UNTRUSTED",
  ],
  ["a signature for another program", "cco-file/1 other checksums.sha256", 1, "UNTRUSTED"],
];
for (const [title, comment, key, outcome] of signatures) {
  serverTest(`github: without a manifest, checksums with ${title}: ${outcome}`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const sums = `${digest("new")}  ${BINARY}\n`;
      const signed = comment && await signText(sums, [await testKey(key)], { comment });
      const minisig = signed
        ? { "checksums.sha256.minisig": new TextDecoder().decode(signed.signature) }
        : {};
      const files = { [BINARY]: "new", "checksums.sha256": sums, ...minisig };
      server.serve(RELEASES, JSON.stringify([release("v1.2.0", files)]));
      serveFiles(server, "v1.2.0", files);
      const pending = fetchManifest("github:o/r", await optionsFor(folder, githubRuntime(server)));
      if (outcome === "signed") {
        const { trust, versions } = await pending;
        assert.equal(trust.signed, true);
        assert.equal(versions.get("1.2.0")?.assets.get("linux-x86_64")?.sha256, digest("new"));
      } else {
        await failsWith(pending, outcome);
      }
    });
  });
}

serverTest(
  "github: does not fall back to releases once a signed manifest was seen (T2, T3)",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const latest = "/github.com/o/r/releases/latest/download";
      await serveManifest(server, latest);
      const options = await optionsFor(folder, githubRuntime(server));
      await fetchManifest("github:o/r", options);
      server.remove(`${latest}/${FILE}`);
      server.serve(RELEASES, JSON.stringify([release("v1.2.0", { [BINARY]: "new" })]));
      await failsWith(fetchManifest("github:o/r", options), "HTTP_STATUS", { status: 404 });
    });
  },
);
