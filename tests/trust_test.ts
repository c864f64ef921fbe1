import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ascii, concatenate, fromBase64, toBase64 } from "../src/bytes.ts";
import type { UntrustedReason } from "../src/errors.ts";
import { MANIFEST_BYTES, SIGNATURE_BYTES } from "../src/limits.ts";
import { signedBy, type SignedBytes, type TrustState, unsigned } from "../src/trust.ts";
import { APP, manifestText, NOW, signManifest, signText, testKey } from "./support/signed_release.ts";
import { assertUntrusted, SOURCE, type Visit, visit } from "./support/trust_case.ts";

const SECOND = 1000;
const DAY = 24 * 60 * 60 * SECOND;
const MAX = Number.MAX_SAFE_INTEGER;

const [a, b, stranger] = [await testKey(1), await testKey(2), await testKey(9)];
const policy = signedBy({ app: APP, keys: [a.publicKey.text] });
const both = signedBy({ app: APP, keys: [a.publicKey.text, b.publicKey.text], threshold: 2 });
const manifest = await signManifest(manifestText(), [a]);

test("signedBy() accepts a manifest signed by its key and hands on what it parsed", async () => {
  const { verdict, document, state } = await visit(policy, { manifest });
  assert.deepEqual(verdict, { signed: true, keyIds: [a.publicKey.id] });
  assert.deepEqual(document, JSON.parse(manifestText()));
  assert.equal(state?.manifest?.sequence, 5);
});

test("signedBy() accepts Ed and ED signatures, of two keys in any order, with a stranger's in between", async () => {
  for (const prehashed of [true, false]) {
    const keys = [b, stranger, a];
    const { verdict } = await visit(both, {
      manifest: await signManifest(manifestText(), keys, { prehashed }),
    });
    assert.deepEqual(verdict.keyIds, [b.publicKey.id, a.publicKey.id]);
  }
});

test("signedBy() accepts the same manifest again, and one with a higher sequence", async () => {
  const first = await visit(policy, { manifest });
  const again = await visit(policy, { manifest, state: first.state });
  assert.equal(again.state, first.state, "the very same object, so that nothing is written");
  const next = await signManifest(manifestText({ sequence: 6 }), [a]);
  assert.equal((await visit(policy, { manifest: next, state: again.state })).state?.manifest?.sequence, 6);
});

test("T1: no single-byte change of a signed manifest is accepted", async () => {
  const { length } = manifest.bytes;
  await fc.assert(
    fc.asyncProperty(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = manifest.bytes.slice();
      bytes[at]! ^= change;
      await assertUntrusted(visit(policy, { manifest: { ...manifest, bytes } }), "bad-signature");
    }),
    { numRuns: 1000 },
  );
});

test("T1: no change of a bit in a signature file is accepted, except in the comment nobody signed", async () => {
  const file = manifest.signature!;
  const start = file.indexOf(10) + 1;
  assert.ok(start > 10);
  for (let at = start; at < file.length; at++) {
    const signature = file.slice();
    signature[at]! ^= 1;
    const attempt = visit(policy, { manifest: { ...manifest, signature } });
    await assert.rejects(attempt, { code: "UNTRUSTED" }, `byte ${at}`);
  }
});

/** An attack, and the reason for which the client must refuse it. */
type Attack = [
  title: string,
  reason: UntrustedReason,
  arrange: () => Promise<Visit & { by?: typeof policy }>,
];

const attacks: Attack[] = [
  ["T1: a manifest without a signature", "unsigned", async () => ({
    manifest: { bytes: (await signed()).bytes, signature: undefined },
  })],
  ["T1: an empty signature file", "malformed-signature", async () => ({
    manifest: { ...await signed(), signature: new Uint8Array() },
  })],
  ["T1: a web page in place of the signature", "malformed-signature", async () => ({
    manifest: { ...await signed(), signature: new TextEncoder().encode("<!doctype html>\n\n\n\n") },
  })],
  ["T1: a signature by a stranger", "unknown-key", async () => ({
    manifest: await signManifest(manifestText(), [stranger]),
  })],
  ["T1: a signature by a stranger who took the key's id", "bad-signature", async () => ({
    manifest: claimId(await signManifest(manifestText(), [stranger])),
  })],
  ["T1: the signature of another manifest", "bad-signature", async () => ({
    manifest: { ...await signed(), signature: (await signed({ sequence: 6 })).signature },
  })],
  ["T2: a lower sequence than seen before", "replayed", async () => ({
    manifest: await signed({ sequence: 4 }),
    state: await stateAfter(5),
  })],
  ["T2: the same sequence with other bytes", "equivocation", async () => ({
    manifest: await signed({ latest: { stable: "1.1.0" } }),
    state: await stateAfter(5),
  })],
  ["T2: a lower sequence than compiled in, with no state", "replayed", async () => ({
    manifest: await signed({ sequence: 9 }),
    by: signedBy({ app: APP, keys: [a.publicKey.text], minimumSequence: 10 }),
  })],
  ["T2: a lower sequence than compiled in, with a state that is lower still", "replayed", async () => ({
    manifest: await signed({ sequence: 9 }),
    state: await stateAfter(3),
    by: signedBy({ app: APP, keys: [a.publicKey.text], minimumSequence: 10 }),
  })],
  ["T3: a manifest at the moment it expires", "expired", async () => ({
    manifest: await signed({ expires: time(NOW) }),
  })],
  ["T3: a manifest one second after it expired", "expired", async () => ({
    manifest: await signed({ expires: time(NOW - SECOND) }),
  })],
  ["T3: a manifest issued more than a day ahead", "issued-in-future", async () => ({
    manifest: await signed({ issued: time(NOW + DAY + SECOND) }),
  })],
  [
    "T4: the highest sequence there is, seen before, stays the floor while the keys are the same",
    "replayed",
    async () => ({
      manifest: await signed({ sequence: 6 }),
      state: await stateAfter(MAX),
    }),
  ],
  ["T9: a manifest of another program, signed for this one", "wrong-app", async () => ({
    manifest: await signManifest(manifestText({ app: "other" }), [a], {
      comment: `cco-manifest/1 ${APP} seq=5 expires=2026-04-15T00:00:00Z`,
    }),
  })],
  ["T9: a manifest of another program, signed for that one", "wrong-app", async () => ({
    manifest: await signed({ app: "other" }),
  })],
  ["T9: a manifest of a program whose name begins alike", "wrong-app", async () => ({
    manifest: await signed({ app: `${APP}2` }),
  })],
  ["T9: a manifest that names no program", "wrong-app", async () => ({
    manifest: await signManifest(manifestText({ app: undefined }), [a], {
      comment: `cco-manifest/1 ${APP} seq=5 expires=2026-04-15T00:00:00Z`,
    }),
  })],
  ["T11: one of two required signatures", "threshold", async () => ({
    manifest: await signManifest(manifestText(), [a]),
    by: both,
  })],
  ["T11: the same key twice where two are required", "threshold", async () => ({
    manifest: await signManifest(manifestText(), [a, a]),
    by: both,
  })],
  ["T11: one good and one damaged signature where two are required", "threshold", async () => ({
    manifest: damageSecond(await signManifest(manifestText(), [a, b])),
    by: both,
  })],
  ["T12: a signature made for a file", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], { comment: `cco-file/1 ${APP} version-manifest.json` }),
  })],
  ["T12: a signature made for a root", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], { comment: `cco-root/1 ${APP} 1` }),
  })],
  ["T12: a signature of a later protocol", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], { comment: `cco-manifest/11 ${APP} seq=5` }),
  })],
  ["T12: minisign's own comment", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], { comment: "timestamp:1 file:x hashed" }),
  })],
  ["T12: a comment with another sequence", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], {
      comment: `cco-manifest/1 ${APP} seq=6 expires=2026-04-15T00:00:00Z`,
    }),
  })],
  ["T12: a comment with another expiry", "wrong-purpose", async () => ({
    manifest: await signManifest(manifestText(), [a], {
      comment: `cco-manifest/1 ${APP} seq=5 expires=2026-05-15T00:00:00Z`,
    }),
  })],
  ["T12: one of two signatures with another comment", "wrong-purpose", async () => ({
    manifest: join(
      await signManifest(manifestText(), [a]),
      await signManifest(manifestText(), [b], { comment: `cco-manifest/1 ${APP} seq=4 expires=x` }),
    ),
    by: both,
  })],
];
for (const [title, reason, arrange] of attacks) {
  test(`signedBy() refuses as ${reason}: ${title}`, async () => {
    const { by = policy, ...attack } = await arrange();
    await assertUntrusted(visit(by, attack), reason);
  });
}

const accepted: [title: string, arrange: () => Promise<Visit & { by?: typeof policy }>][] = [
  ["T2: exactly the compiled-in sequence", async () => ({
    manifest: await signed({ sequence: 10 }),
    by: signedBy({ app: APP, keys: [a.publicKey.text], minimumSequence: 10 }),
  })],
  ["T3: a manifest one second before it expires", async () => ({
    manifest: await signed({ expires: time(NOW + SECOND) }),
  })],
  [
    "T3: a manifest issued a day ahead",
    async () => ({ manifest: await signed({ issued: time(NOW + DAY) }) }),
  ],
  ["T4: the highest sequence there is", async () => ({ manifest: await signed({ sequence: MAX }) })],
  ["the lowest sequence there is", async () => ({ manifest: await signed({ sequence: 0 }) })],
  ["T14: names such as __proto__ and constructor", async () => ({
    manifest: await signed({ latest: JSON.parse('{"__proto__":"1.0.0","constructor":"1.0.0"}') }),
  })],
  ["T14: 100,000 nested lists, because nothing here walks them", async () => ({
    manifest: await signRaw(manifestText().replace("{}", `{"x":${"[".repeat(1e5)}${"]".repeat(1e5)}}`)),
  })],
];
for (const [title, arrange] of accepted) {
  test(`signedBy() accepts ${title}`, async () => {
    const { by = policy, ...visited } = await arrange();
    assert.ok((await visit(by, visited)).verdict.signed);
  });
}

const broken: [title: string, path: string, arrange: () => Promise<SignedBytes>][] = [
  ["T14: no JSON", "(the whole document)", () => signRaw("{")],
  ["T14: a list", "(the whole document)", () => signRaw("[]")],
  ["T14: null", "(the whole document)", () => signRaw("null")],
  ["T14: a number", "(the whole document)", () => signRaw("5")],
  ["T14: a byte order mark", "(the whole document)", () => signRaw("\ufeff" + manifestText())],
  ["T14: bytes that are not UTF-8", "(the whole document)", () => signBytes(Uint8Array.of(0x22, 0xff, 0x22))],
  [
    "T4: a sequence above 2^53-1",
    "sequence",
    () => signRaw(manifestText().replace(": 5,", ": 9007199254740993,")),
  ],
  ["T4: a fraction as sequence", "sequence", () => signed({ sequence: 5.5 })],
  ["T4: a negative sequence", "sequence", () => signed({ sequence: -1 })],
  ["T4: a text as sequence", "sequence", () => signed({ sequence: "5" })],
  ["T2: no sequence", "sequence", () => signed({ sequence: undefined })],
  ["T3: no expiry", "expires", () => signed({ expires: undefined })],
  ["T3: no time of issue", "issued", () => signed({ issued: undefined })],
  ["T3: an expiry in local time", "expires", () => signed({ expires: "2026-04-15T00:00:00" })],
  ["T3: an expiry on the 30th of February", "expires", () => signed({ expires: "2026-02-30T00:00:00Z" })],
  ["T3: an expiry at the 61st minute", "expires", () => signed({ expires: "2026-02-20T00:61:00Z" })],
  ["T3: a number as expiry", "expires", () => signed({ expires: NOW + DAY })],
];
for (const [title, path, arrange] of broken) {
  test(`signedBy() refuses as invalid at ${path}: ${title}`, async () => {
    const attempt = visit(policy, { manifest: await arrange() });
    await assert.rejects(attempt, {
      code: "MANIFEST_INVALID",
      details: { path, source: SOURCE, expected: expectedAt(path) },
    });
  });
}

test("T1, T14: nothing in a manifest is parsed before its signature holds", async () => {
  const bytes = ascii("no JSON");
  await assertUntrusted(visit(policy, { manifest: { ...manifest, bytes } }), "bad-signature");
});

test("T14: a field that a document lacks is not taken from Object.prototype", async () => {
  const manifest = await signed({ expires: undefined });
  Object.defineProperty(Object.prototype, "expires", { value: "2026-04-15T00:00:00Z", configurable: true });
  try {
    const attempt = visit(policy, { manifest });
    await assert.rejects(attempt, (error: { code?: string }) => error.code === "MANIFEST_INVALID");
  } finally {
    Reflect.deleteProperty(Object.prototype, "expires");
  }
});

test("T6: a manifest at its cap is accepted", async () => {
  const text = manifestText();
  const manifest = await signManifest(text + " ".repeat(MANIFEST_BYTES - text.length), [a]);
  assert.equal(manifest.bytes.length, MANIFEST_BYTES);
  assert.ok(await visit(policy, { manifest }));
});

test("the same manifest under other keys is remembered with those", async () => {
  const manifest = await signManifest(manifestText(), [a, b]);
  const { state } = await visit(policy, { manifest });
  const after = await visit(both, { manifest, state });
  assert.notEqual(after.state?.manifest?.keys, state?.manifest?.keys);
  assert.equal(after.state?.manifest?.sha256, state?.manifest?.sha256);
});

test("T6: a manifest or signature above its cap is refused, whoever read it", async () => {
  const bytes = new Uint8Array(MANIFEST_BYTES + 1);
  await assert.rejects(visit(policy, { manifest: { ...manifest, bytes } }), {
    code: "TOO_LARGE",
    details: { what: "manifest", limit: MANIFEST_BYTES, source: SOURCE },
  });
  await assert.rejects(visit(unsigned(), { manifest: { ...manifest, bytes } }), { code: "TOO_LARGE" });
  const signature = new Uint8Array(SIGNATURE_BYTES + 1);
  await assert.rejects(visit(policy, { manifest: { ...manifest, signature } }), {
    code: "TOO_LARGE",
    details: { what: "signature", limit: SIGNATURE_BYTES, source: SOURCE },
  });
});

test("T8: of three mirrors in any order, none can make the client go back", async () => {
  const [stale, good] = [await signed({ sequence: 4 }), await signed({ sequence: 5 })];
  const evil = await signManifest(manifestText({ sequence: 99 }), [stranger]);
  for (const order of [[stale, good, evil], [good, stale, evil], [evil, good, stale], [good, evil, stale]]) {
    let state: TrustState | undefined;
    for (const manifest of order) {
      state = await visit(policy, { manifest, state }).then((outcome) => outcome.state, () => state);
    }
    assert.equal(state?.manifest?.sequence, 5);
  }
});

test("verifyFile() accepts a file signed under its name, and keeps what is known of manifests", async () => {
  const state = await stateAfter(5);
  const file = await signText("digest  name\n", [a], { comment: `cco-file/1 ${APP} checksums.sha256` });
  const outcome = await policy.verifyFile(
    { ...file, name: "checksums.sha256", source: SOURCE },
    contextOf(state),
  );
  assert.deepEqual(outcome, { verdict: { signed: true, keyIds: [a.publicKey.id] }, state });
});

const files: [title: string, reason: UntrustedReason, comment: string][] = [
  ["T12: signed under another name", "wrong-purpose", `cco-file/1 ${APP} other.txt`],
  ["T12: signed as a manifest", "wrong-purpose", `cco-manifest/1 ${APP} checksums.sha256`],
  ["T9: signed for another program", "wrong-app", "cco-file/1 other checksums.sha256"],
];
for (const [title, reason, comment] of files) {
  test(`verifyFile() refuses as ${reason} a file ${title}`, async () => {
    const file = await signText("digest  name\n", [a], { comment });
    const attempt = policy.verifyFile(
      { ...file, name: "checksums.sha256", source: SOURCE },
      contextOf(undefined),
    );
    await assertUntrusted(attempt, reason);
  });
}

test("T6: verifyFile() refuses a file above the cap", async () => {
  const file = { bytes: new Uint8Array(256 * 1024 + 1), signature: undefined, name: "x", source: SOURCE };
  await assert.rejects(policy.verifyFile(file, contextOf(undefined)), { code: "TOO_LARGE" });
});

test("unsigned() accepts a manifest with only the oldest fields, and says that nobody vouches for it", async () => {
  const text = '{"latest":{"stable":"1.0.0"},"versions":{"1.0.0":{"platforms":{}}}}';
  const state = await stateAfter(5);
  const outcome = await visit(unsigned({ app: APP }), { manifest: unsignedBytes(text), state });
  assert.deepEqual(outcome, { verdict: { signed: false, keyIds: [] }, state, document: JSON.parse(text) });
  const file = { ...unsignedBytes("x"), name: "x", source: SOURCE };
  assert.deepEqual(await unsigned().verifyFile(file, contextOf(state)), {
    verdict: { signed: false, keyIds: [] },
    state,
  });
});

test("unsigned() still refuses what is expired, of the future, or of another program", async () => {
  const rows: [UntrustedReason, Record<string, unknown>][] = [
    ["expired", { expires: time(NOW) }],
    ["issued-in-future", { issued: time(NOW + DAY + SECOND) }],
    ["wrong-app", { app: "other" }],
  ];
  for (const [reason, fields] of rows) {
    const manifest = unsignedBytes(manifestText(fields));
    await assertUntrusted(visit(unsigned({ app: APP }), { manifest }), reason);
  }
  assert.ok(await visit(unsigned(), { manifest: unsignedBytes(manifestText({ app: "other" })) }));
  await assert.rejects(visit(unsigned(), { manifest: unsignedBytes("{") }), { code: "MANIFEST_INVALID" });
});

const misuses: [title: string, options: Parameters<typeof signedBy>[0], error: RegExp][] = [
  ["no keys", { app: APP }, /neither keys nor a root/],
  ["an empty list of keys", { app: APP, keys: [] }, /neither keys nor a root/],
  ["a key that is none", { app: APP, keys: ["RWxx"] }, /Cannot use the public key "RWxx"/],
  ["an empty name", { app: "", keys: [a.publicKey.text] }, /the name ""/],
  ["a name with a space", { app: "a b", keys: [a.publicKey.text] }, /the name "a b"/],
  ["a threshold of 0", { app: APP, keys: [a.publicKey.text], threshold: 0 }, /require 0 of 1/],
  ["a negative threshold", { app: APP, keys: [a.publicKey.text], threshold: -1 }, /require -1 of 1/],
  ["half a threshold", { app: APP, keys: [a.publicKey.text], threshold: 0.5 }, /require 0.5 of 1/],
  [
    "a threshold above the keys",
    { app: APP, keys: [a.publicKey.text], threshold: 2 },
    /require 2 of 1/,
  ],
  ["one key twice for a threshold of 2", {
    app: APP,
    keys: [a.publicKey.text, a.publicKey.text],
    threshold: 2,
  }, /of 1/],
  [
    "one key under two ids for a threshold of 2",
    { app: APP, keys: twoIds(a.publicKey.text), threshold: 2 },
    /of 1/,
  ],
  [
    "a negative minimum sequence",
    { app: APP, keys: [a.publicKey.text], minimumSequence: -1 },
    /minimum sequence/,
  ],
  [
    "an unsafe minimum sequence",
    { app: APP, keys: [a.publicKey.text], minimumSequence: 2 ** 53 },
    /minimum sequence/,
  ],
  ["a root that is no JSON", { app: APP, root: "{" }, /JSON/],
  ["a root that is a list", { app: APP, root: [] }, /not a JSON object/],
];
for (const [title, options, message] of misuses) {
  test(`signedBy() refuses its caller's mistake: ${title}`, () => {
    assert.throws(() => signedBy(options), (error: unknown) => {
      assert.ok(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
      assert.match(error.message, message);
      return true;
    });
  });
}

async function signed(fields: Record<string, unknown> = {}): Promise<SignedBytes> {
  return await signManifest(manifestText(fields), [a]);
}

async function signRaw(text: string): Promise<SignedBytes> {
  return await signText(text, [a], { comment: `cco-manifest/1 ${APP} seq=5 expires=2026-04-15T00:00:00Z` });
}

async function signBytes(bytes: Uint8Array<ArrayBuffer>): Promise<SignedBytes> {
  const { signMessage } = await import("../src/minisign_secret.ts");
  const block = await signMessage(bytes, a, { trustedComment: `cco-manifest/1 ${APP} seq=5 expires=x` });
  return { bytes, signature: new TextEncoder().encode(block) };
}

async function stateAfter(sequence: number): Promise<TrustState | undefined> {
  return (await visit(policy, { manifest: await signed({ sequence }) })).state;
}

function contextOf(state: TrustState | undefined) {
  return { now: NOW, state, fetchRoot: () => Promise.resolve(undefined) };
}

function unsignedBytes(text: string): SignedBytes {
  return { bytes: new TextEncoder().encode(text), signature: undefined };
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function expectedAt(path: string): string {
  if (path === "sequence") return "a whole number up to 2^53-1";
  return path.startsWith("(") ? "a JSON object in UTF-8" : "a UTC time such as 2025-11-17T14:00:00Z";
}

/** Writes the trusted key's id over the one in the signature. */
function claimId(signed: SignedBytes): SignedBytes {
  return changeBlock(signed, 1, (packed) => packed.set(fromBase64(a.publicKey.text)!.subarray(2, 10), 2));
}

function damageSecond(signed: SignedBytes): SignedBytes {
  return changeBlock(signed, 5, (packed) => packed.fill(0, 20, 30));
}

function changeBlock(signed: SignedBytes, line: number, change: (packed: Uint8Array) => void): SignedBytes {
  const lines = new TextDecoder().decode(signed.signature).split("\n");
  const packed = fromBase64(lines[line]!)!;
  change(packed);
  lines[line] = toBase64(packed);
  return { ...signed, signature: new TextEncoder().encode(lines.join("\n")) };
}

function join(one: SignedBytes, other: SignedBytes): SignedBytes {
  return { ...one, signature: concatenate(one.signature!, other.signature!) };
}

function twoIds(key: string): string[] {
  const packed = fromBase64(key)!;
  packed[2]! ^= 1;
  return [key, toBase64(packed)];
}
