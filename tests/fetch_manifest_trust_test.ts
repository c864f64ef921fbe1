import assert from "node:assert/strict";
import { test } from "node:test";
import type { UntrustedReason } from "../src/errors.ts";
import { fetchManifest } from "../src/fetch_manifest.ts";
import { SIGNATURE_BYTES } from "../src/limits.ts";
import type { TrustPolicy } from "../src/trust.ts";
import { failsWith } from "./support/fails_with.ts";
import {
  type Files,
  filesFor,
  key,
  otherKey,
  server,
  signedServer,
  SOURCE,
  STATE,
  trusting,
} from "./support/manifest_server.ts";
import { APP, manifestText, NOW, signManifest } from "./support/signed_release.ts";

test("fetchManifest() accepts a signed manifest, names the key and remembers the sequence", async () => {
  const { runtime, requests } = await signedServer();
  const manifest = await fetchManifest(SOURCE, trusting(runtime));
  assert.deepEqual(manifest.trust, { signed: true, keyIds: [key.publicKey.id] });
  assert.deepEqual(requests, [SOURCE, `${SOURCE}.minisig`, "https://releases.example/2.root.json"]);
  assert.equal(JSON.parse(runtime.machine.read(`${STATE}/trust.json`)!).manifest.sequence, 5);
  assert.deepEqual(runtime.machine.names(STATE), ["trust.json"]);
  assert.equal((await runtime.fs.stat(`${STATE}/trust.json`))?.mode, 0o600);
});

test("fetchManifest() looks for signature and root beside the file, whatever else the address asks for", async () => {
  const signed = await signManifest(manifestText(), [key]);
  const source = `${SOURCE}?token=1`;
  const { runtime, requests } = server({
    [source]: signed.bytes,
    [`${SOURCE}.minisig?token=1`]: signed.signature!,
  });
  const manifest = await fetchManifest(source, trusting(runtime));
  assert.equal(requests.at(-1), "https://releases.example/2.root.json?token=1");
  assert.equal(manifest.trust.signed, true);
  assert.equal(manifest.source, SOURCE);
});

const untrusted: [name: string, reason: UntrustedReason, files: () => Promise<Files>, state?: object][] = [
  ["has no signature", "unsigned", () => Promise.resolve({ [SOURCE]: manifestText() })],
  ["is signed by another key", "unknown-key", () => filesFor(manifestText(), [otherKey])],
  ["was changed after it was signed", "bad-signature", async () => ({
    ...await filesFor(manifestText(), [key]),
    [SOURCE]: manifestText({ sequence: 6 }),
  })],
  ["has a signature that is none", "malformed-signature", async () => ({
    ...await filesFor(manifestText(), [key]),
    [`${SOURCE}.minisig`]: "trust me",
  })],
  ["is for another program", "wrong-app", () => filesFor(manifestText({ app: "other" }), [key])],
  ["has expired", "expired", () => filesFor(manifestText({ expires: "2026-01-15T11:59:59Z" }), [key])],
  [
    "is from the future",
    "issued-in-future",
    () => filesFor(manifestText({ issued: "2026-01-17T00:00:00Z" }), [key]),
  ],
];

for (const [name, reason, files] of untrusted) {
  test(`fetchManifest() does not accept a manifest that ${name}`, async () => {
    const { runtime } = server(await files());
    await failsWith(fetchManifest(SOURCE, trusting(runtime)), "UNTRUSTED", { source: SOURCE, reason });
    assert.equal(runtime.machine.read(`${STATE}/trust.json`), undefined);
  });
}

test("fetchManifest() takes another set of rules", async () => {
  const { runtime, requests } = server({ [SOURCE]: manifestText(), [`${SOURCE}.minisig`]: "mine" });
  const seen: string[] = [];
  const trust: TrustPolicy = {
    verify: ({ signature, bytes }, { now, state }) => {
      seen.push(new TextDecoder().decode(signature), String(now === NOW));
      const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return Promise.resolve({ verdict: { signed: true, keyIds: ["mine"] }, state, document });
    },
    verifyFile: (_, { state }) => Promise.resolve({ verdict: { signed: true, keyIds: [] }, state }),
  };
  const manifest = await fetchManifest(SOURCE, { runtime, trust, app: APP });
  assert.deepEqual(manifest.trust.keyIds, ["mine"]);
  assert.deepEqual(seen, ["mine", "true"]);
  assert.deepEqual(requests, [SOURCE, `${SOURCE}.minisig`]);
});

test("fetchManifest() refuses a signature that is too large", async () => {
  const { runtime, files } = await signedServer();
  files[`${SOURCE}.minisig`] = "x".repeat(SIGNATURE_BYTES + 1);
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "TOO_LARGE", { what: "signature" });
});

test("fetchManifest() tells its caller that keys need the program's name", async () => {
  const { runtime, requests } = server({});
  await assert.rejects(fetchManifest(SOURCE, { runtime, keys: [key.publicKey.text] }), TypeError);
  assert.deepEqual(requests, []);
});

test("fetchManifest() takes an empty list of keys for no keys", async () => {
  const { runtime } = server({ [SOURCE]: manifestText() });
  assert.equal((await fetchManifest(SOURCE, { runtime, keys: [] })).trust.signed, false);
});
