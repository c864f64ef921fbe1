import assert from "node:assert/strict";
import { test } from "node:test";
import type { UpdateErrorCode } from "../src/errors.ts";
import { fetchManifest } from "../src/fetch_manifest.ts";
import { MANIFEST_BYTES } from "../src/limits.ts";
import { failsWith } from "./support/fails_with.ts";
import { server, SOURCE } from "./support/manifest_server.ts";
import { APP, manifestText } from "./support/signed_release.ts";

test("fetchManifest() reads an unsigned manifest and says so", async () => {
  const { runtime } = server({ [SOURCE]: manifestText() });
  const manifest = await fetchManifest(SOURCE, { runtime });
  assert.deepEqual(manifest.trust, { signed: false, keyIds: [] });
  assert.equal(manifest.source, SOURCE);
  assert.equal(manifest.latest.get("stable"), "1.2.0");
});

test("fetchManifest() asks for nothing but the manifest, and writes nothing, without keys", async () => {
  const { runtime, requests } = server({ [SOURCE]: manifestText() });
  await fetchManifest(SOURCE, { runtime });
  assert.deepEqual(requests, [SOURCE]);
  assert.deepEqual(runtime.machine.names("/home"), []);
});

const documents: [name: string, content: string | Uint8Array, code: UpdateErrorCode, details: object][] = [
  ["is not JSON", "<html>not found</html>", "MANIFEST_INVALID", { path: "(the whole document)" }],
  ["is empty", "", "MANIFEST_INVALID", { path: "(the whole document)" }],
  ["is no object", "[]", "MANIFEST_INVALID", { path: "(the whole document)" }],
  ["is not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), "MANIFEST_INVALID", { path: "(the whole document)" }],
  ["is of a newer schema", manifestText({ schema: 2 }), "MANIFEST_TOO_NEW", { schema: 2, supported: 1 }],
  ["has a version that is none", manifestText({ versions: { latest: {} } }), "MANIFEST_INVALID", {
    path: "versions.latest",
  }],
  ["has expired", manifestText({ expires: "2026-01-01T00:00:00Z" }), "UNTRUSTED", { reason: "expired" }],
  ["is for another program", manifestText({ app: "other" }), "UNTRUSTED", { reason: "wrong-app" }],
  ["is too large", " ".repeat(MANIFEST_BYTES) + "{}", "TOO_LARGE", {
    what: "manifest",
    limit: MANIFEST_BYTES,
  }],
];

for (const [name, content, code, details] of documents) {
  for (const place of ["a server", "a folder"] as const) {
    test(`fetchManifest() refuses a manifest from ${place} that ${name}`, async () => {
      const { runtime } = server({ [SOURCE]: content });
      runtime.machine.put("/srv/version-manifest.json", content);
      const source = place === "a server" ? SOURCE : "file:///srv/version-manifest.json";
      await failsWith(fetchManifest(source, { runtime, app: APP }), code, details);
    });
  }
}

test("fetchManifest() says that there is no manifest", async () => {
  const { runtime } = server({});
  for (const source of [SOURCE, "file:///srv/version-manifest.json"]) {
    await failsWith(fetchManifest(source, { runtime }), "HTTP_STATUS", { url: source, status: 404 });
  }
});

test("fetchManifest() rejects with the signal's reason and asks no further source", async () => {
  const abort = new AbortController();
  const { runtime, requests } = server({}, () => abort.abort("enough"));
  const fetching = fetchManifest([SOURCE, "https://mirror.example/m.json"], {
    runtime,
    signal: abort.signal,
  });
  await assert.rejects(fetching, (error) => error === "enough");
  assert.deepEqual(requests, [SOURCE]);
});

test("fetchManifest() rejects with the signal's reason while its only source is asked", async () => {
  for (const files of [{ [SOURCE]: manifestText() }, {}]) {
    const abort = new AbortController();
    const { runtime } = server(files, () => abort.abort("enough"));
    const fetching = fetchManifest(SOURCE, { runtime, signal: abort.signal });
    await assert.rejects(fetching, (error) => error === "enough");
    await assert.rejects(
      fetchManifest(SOURCE, { runtime, signal: abort.signal }),
      (error) => error === "enough",
      "also before it is asked",
    );
  }
});

const secrets: [source: string, code: UpdateErrorCode][] = [
  ["https://releases.example/m.json?token=s3cret", "HTTP_STATUS"],
  ["https://user:hunter2@releases.example/m.json?token=s3cret", "ADDRESS_REFUSED"],
];

for (const [source, code] of secrets) {
  test(`fetchManifest() shows no secrets when it fails with ${code}`, async () => {
    const error = await failsWith(fetchManifest(source, { runtime: server({}).runtime }), code);
    const { message, details, cause } = error;
    assert.doesNotMatch(JSON.stringify([message, details, String(cause)]), /hunter2|s3cret|user:|user@/);
  });
}
