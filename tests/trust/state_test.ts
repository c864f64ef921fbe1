import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ascii } from "../../src/bytes.ts";
import { STATE_BYTES } from "../../src/limits.ts";
import { parseTrustState, serialiseTrustState, signedBy, type TrustState } from "../../src/trust.ts";
import { APP, manifestText, signManifest, testKey } from "../support/signed_release.ts";
import { assertUntrusted, visit } from "../support/trust_case.ts";

const digest = "0123456789abcdef".repeat(4);
const state: TrustState = {
  rootVersion: 2,
  roots: [{ bytes: ascii("root"), signature: ascii("signature") }],
  manifest: { sequence: 7, sha256: digest, keys: digest },
};
const key = await testKey(1);

test("serialiseTrustState() and parseTrustState() carry a state over", () => {
  for (const one of [state, { ...state, roots: [], manifest: undefined }]) {
    assert.deepEqual(parseTrustState(serialiseTrustState(one)), { state: one, damaged: false });
  }
});

test("serialiseTrustState() leaves out roots that make the file too large, but not their number", () => {
  const root = { bytes: new Uint8Array(STATE_BYTES), signature: ascii("signature") };
  const bytes = serialiseTrustState({ ...state, roots: [root] });
  assert.ok(bytes.length <= STATE_BYTES);
  assert.deepEqual(parseTrustState(bytes).state, { ...state, roots: [] });
});

test("serialiseTrustState() and parseTrustState() use all the room there is for a state", () => {
  const room = STATE_BYTES - serialiseTrustState(state).length;
  const full = { ...state, manifest: { ...state.manifest!, keys: digest + "x".repeat(room) } };
  const bytes = serialiseTrustState(full);
  assert.equal(bytes.length, STATE_BYTES);
  assert.deepEqual(parseTrustState(bytes), { state: full, damaged: false });
});

test("parseTrustState() tells no file from a damaged one", () => {
  assert.deepEqual(parseTrustState(undefined), { state: undefined, damaged: false });
  assert.deepEqual(parseTrustState(new Uint8Array()), { state: undefined, damaged: true });
});

const damages: [what: string, make: (text: string) => string][] = [
  ["torn in half", (text) => text.slice(0, text.length / 2)],
  ["zeros, as after a power cut", (text) => "\0".repeat(text.length)],
  ["a list", () => "[]"],
  ["null", () => "null"],
  ["of a later version", (text) => text.replace('"version":1', '"version":2')],
  ["without a root version", (text) => text.replace("rootVersion", "x")],
  ["with a negative root version", (text) => text.replace('"rootVersion":2', '"rootVersion":-2')],
  ["without roots", (text) => text.replace("roots", "x")],
  ["with a root that is no object", (text) => text.replace(/"roots":\[.*?\]/, '"roots":[5]')],
  ["with a root that is not base64", (text) => text.replace(/"bytes":"[^"]*"/, '"bytes":"*"')],
  [
    "with a root's signature that is not base64",
    (text) => text.replace(/"signature":"[^"]*"/, '"signature":"*"'),
  ],
  ["with a text as sequence", (text) => text.replace('"sequence":7', '"sequence":"7"')],
  ["with a sequence above 2^53-1", (text) => text.replace('"sequence":7', '"sequence":9007199254740993')],
  ["with a manifest that is null", (text) => text.replace(/"manifest":\{.*\}\}/, '"manifest":null}')],
  ["with a number as digest", (text) => text.replace(`"sha256":"${digest}"`, '"sha256":1')],
  ["with a number as fingerprint", (text) => text.replace(`"keys":"${digest}"`, '"keys":1')],
  ["longer than any state", (text) => text + " ".repeat(STATE_BYTES)],
];
for (const [what, make] of damages) {
  test(`T35: parseTrustState() finds a state ${what} damaged`, () => {
    const text = make(new TextDecoder().decode(serialiseTrustState(state)));
    assert.deepEqual(parseTrustState(new TextEncoder().encode(text)), { state: undefined, damaged: true });
  });
}

test("T2, T35: of 500 random state files, none lets a manifest below the compiled-in floor through", async () => {
  const policy = signedBy({ app: APP, keys: [key.publicKey.text], minimumSequence: 6 });
  const manifest = await signManifest(manifestText({ sequence: 5 }), [key]);
  const anyState = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.record({ version: fc.constant(1), rootVersion: fc.nat(2), roots: fc.constant([]) })
      .map((value) => new TextEncoder().encode(JSON.stringify(value))),
  );
  await fc.assert(
    fc.asyncProperty(anyState, async (bytes) => {
      const { state } = parseTrustState(bytes);
      await assertUntrusted(visit(policy, { manifest, state }), "replayed");
    }),
    { numRuns: 500 },
  );
});
