import assert from "node:assert/strict";
import { test } from "node:test";
import { ascii } from "../../src/bytes.ts";
import { ROOT_BYTES, SIGNATURE_BYTES } from "../../src/limits.ts";
import type { SecretKey } from "../../src/minisign_secret.ts";
import {
  parseTrustState,
  serialiseTrustState,
  signedBy,
  type SignedBytes,
  type TrustState,
} from "../../src/trust.ts";
import {
  APP,
  manifestText,
  NOW,
  type RootFields,
  rootText,
  signManifest,
  signRoot,
  testKey,
} from "../support/signed_release.ts";
import { assertUntrusted, SOURCE, visit } from "../support/trust_case.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const [offline, offline2, first, second, third, thief] = [
  await testKey(1),
  await testKey(2),
  await testKey(11),
  await testKey(12),
  await testKey(13),
  await testKey(66),
];

// Root 1 is compiled in; root 2 changes the manifest key, root 3 changes all keys.
const fields1 = { version: 1, rootKeys: [offline], manifestKeys: [first] };
const fields2 = { version: 2, rootKeys: [offline], manifestKeys: [second] };
const fields3 = { version: 3, rootKeys: [offline2], manifestKeys: [third] };
const policy = signedBy({ app: APP, root: rootText(fields1) });
const root2 = await signRoot(rootText(fields2), [offline]);
const root3 = await signRoot(rootText(fields3), [offline, offline2]);
const by = async (key: SecretKey, sequence = 5) => await signManifest(manifestText({ sequence }), [key]);

const visits: [title: string, roots: SignedBytes[], key: SecretKey][] = [
  ["no further root", [], first],
  ["a new manifest key", [root2], second],
  ["two rotations slept through", [root2, root3], third],
];
for (const [title, roots, key] of visits) {
  test(`T11: a client that finds ${title} accepts the key of the last root and no other`, async () => {
    const { verdict, state } = await visit(policy, { manifest: await by(key), roots });
    assert.deepEqual(verdict.keyIds, [key.publicKey.id]);
    assert.equal(state?.rootVersion, roots.length + 1);
    for (const other of [first, second, third, offline, offline2, thief].filter((one) => one !== key)) {
      await assertUntrusted(visit(policy, { manifest: await by(other), roots }), "unknown-key");
    }
  });
}

test("T11: a root may be given as an object, and the chain goes on from whichever is compiled in", async () => {
  const later = signedBy({ app: APP, root: JSON.parse(rootText(fields2)) });
  assert.ok((await visit(later, { manifest: await by(third), roots: [root2, root3] })).verdict.signed);
  await assertUntrusted(visit(later, { manifest: await by(first) }), "unknown-key");
});

test("T11: keys given without a root can be rotated by a root 2 that they sign", async () => {
  const short = signedBy({ app: APP, keys: [offline.publicKey.text] });
  assert.ok((await visit(short, { manifest: await by(offline) })).verdict.signed);
  assert.ok((await visit(short, { manifest: await by(second), roots: [root2] })).verdict.signed);
});

/** A root 2 that must not be followed. */
type BadRoot = [title: string, cause: RegExp, arrange: () => Promise<SignedBytes>];

const both: RootFields = { ...fields2, rootKeys: [offline2], manifestKeys: [second] };
const badRoots: BadRoot[] = [
  [
    "T1: without a signature",
    /it has no signature/,
    async () => ({ ...await signRoot(rootText(fields2), [offline]), signature: undefined }),
  ],
  [
    "T1: with another's signature",
    /does not fit/,
    async () => ({ ...root2, signature: (await signRoot(rootText(both), [offline])).signature }),
  ],
  ["T11: signed by nobody who may", /not by a trusted key/, () => signRoot(rootText(fields2), [thief])],
  ["T11: signed by the manifest's key", /not by a trusted key/, () => signRoot(rootText(fields2), [first])],
  ["T11: signed by the old key only", /not by a trusted key/, () => signRoot(rootText(both), [offline])],
  ["T11: signed by the new key only", /not by a trusted key/, () => signRoot(rootText(both), [offline2])],
  [
    "T11: signed by one of two required new keys",
    /1 of 2/,
    () => signRoot(rootText({ ...fields2, rootKeys: [offline, offline2], rootThreshold: 2 }), [offline]),
  ],
  [
    "T11: signed twice by one of two required new keys",
    /1 of 2/,
    () =>
      signRoot(rootText({ ...fields2, rootKeys: [offline, offline2], rootThreshold: 2 }), [offline, offline]),
  ],
  [
    "T2: that says it is root 3",
    /it is number 3/,
    () => signRoot(rootText({ ...fields2, version: 3 }), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "T2: that is root 1 again",
    /it is number 1/,
    () => signRoot(rootText(fields1), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "T9: of another program",
    /it is for other/,
    () => signRoot(rootText({ ...fields2, app: "other" }), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "T9: signed for another program",
    /not for demo/,
    () => signRoot(rootText({ ...fields2, app: "other" }), [offline]),
  ],
  [
    "T12: signed as a manifest",
    /not for cco-root\/1/,
    () => signRoot(rootText(fields2), [offline], { comment: `cco-manifest/1 ${APP} seq=2 expires=x` }),
  ],
  [
    "T12: signed as root 12",
    /comment is not/,
    () => signRoot(rootText(fields2), [offline], { comment: `cco-root/1 ${APP} 12` }),
  ],
  ["T12: whose new key signed it as another", /comment is not/, async () => {
    const text = rootText(both);
    const [old, own] = [
      await signRoot(text, [offline]),
      await signRoot(text, [offline2], { comment: `cco-root/1 ${APP} 9` }),
    ];
    return { ...old, signature: Uint8Array.from([...old.signature!, ...own.signature!]) };
  }],
  [
    "T11: with threshold 0",
    /require 0 of 1/,
    () => signRoot(rootText({ ...fields2, rootThreshold: 0 }), [offline]),
  ],
  [
    "T11: with threshold -1",
    /require -1 of 1/,
    () => signRoot(rootText({ ...fields2, manifestThreshold: -1 }), [offline]),
  ],
  [
    "T11: with a threshold above its keys",
    /require 2 of 1/,
    () => signRoot(rootText({ ...fields2, manifestThreshold: 2 }), [offline]),
  ],
  [
    "T11: with a text as threshold",
    /require "1" of 1/,
    () => signRoot(rootText({ ...fields2, manifestThreshold: "1" }), [offline]),
  ],
  ["T11: with one key under two names", /require 2 of 1/, () =>
    signRoot(
      edited((root) => {
        root.keys["twin"] = second.publicKey.text;
        root.roles.manifest = { keys: [nameOf(second), "twin"], threshold: 2 };
      }),
      [offline],
    )],
  ["T13: with a key for which anybody can sign", /anybody can sign/, () =>
    signRoot(
      edited((root) => {
        root.keys[nameOf(second)] = "RWQBAQEBAQEBAQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
      }),
      [offline],
    )],
  [
    "that names a key it does not have",
    /does not have/,
    () => signRoot(edited((root) => void (root.roles.manifest.keys = ["nobody"])), [offline]),
  ],
  [
    "that names a key it has and one it does not have",
    /does not have/,
    () => signRoot(edited((root) => void root.roles.manifest.keys.push("nobody")), [offline]),
  ],
  [
    "T14: that names a key of every object",
    /does not have/,
    () => signRoot(edited((root) => void (root.roles.manifest.keys = ["constructor"])), [offline]),
  ],
  [
    "without a list of keys in a role",
    /no list/,
    () => signRoot(edited((root) => void (root.roles.manifest.keys = "x")), [offline]),
  ],
  [
    "without keys",
    /"keys" is not an object/,
    () => signRoot(edited((root) => void (root.keys = [])), [offline]),
  ],
  [
    "without the manifest's role",
    /"manifest" is not an object/,
    () => signRoot(edited((root) => void (root.roles.manifest = null)), [offline]),
  ],
  [
    "of another type",
    /"type" is not "root"/,
    () => signRoot(edited((root) => void (root.type = "manifest")), [offline]),
  ],
  [
    "with a number as program",
    /"app" is not a name/,
    () => signRoot(edited((root) => void (root.app = 5)), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "with a fraction as version",
    /"version" is not/,
    () =>
      signRoot(edited((root) => void (root.version = 2.5)), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "with version 0",
    /"version" is not/,
    () => signRoot(edited((root) => void (root.version = 0)), [offline], { comment: `cco-root/1 ${APP} 2` }),
  ],
  [
    "T3: without an expiry",
    /"expires" is not/,
    () => signRoot(edited((root) => void delete root.expires), [offline]),
  ],
];
for (const [title, cause, arrange] of badRoots) {
  test(`a client does not follow a root 2 ${title}`, async () => {
    const attempt = visit(policy, { manifest: await by(second), roots: [await arrange()] });
    await assertUntrusted(attempt, "root-invalid", cause);
  });
}

test("T3: an expired root in the middle is passed through, an expired last one is not", async () => {
  const expired = await signRoot(rootText({ ...fields2, expires: time(NOW) }), [offline]);
  assert.ok((await visit(policy, { manifest: await by(third), roots: [expired, root3] })).verdict.signed);
  await assertUntrusted(visit(policy, { manifest: await by(second), roots: [expired] }), "root-expired");
  const almost = await signRoot(rootText({ ...fields2, expires: time(NOW + 1000) }), [offline]);
  assert.ok((await visit(policy, { manifest: await by(second), roots: [almost] })).verdict.signed);
});

test("T3: a compiled-in root that expired stops updates", async () => {
  const old = signedBy({ app: APP, root: rootText({ ...fields1, expires: time(NOW) }) });
  await assertUntrusted(visit(old, { manifest: await by(first) }), "root-expired");
});

test("T6: a root above its cap is refused, whoever read it", async () => {
  const root = await signRoot(rootText(fields2) + " ".repeat(ROOT_BYTES), [offline]);
  await assert.rejects(visit(policy, { manifest: await by(second), roots: [root] }), {
    code: "TOO_LARGE",
    details: { what: "root", limit: ROOT_BYTES, source: `root 2 of ${SOURCE}` },
  });
});

test("T6: a root's signature above its cap is refused, whoever read it", async () => {
  const root = { ...root2, signature: new Uint8Array(SIGNATURE_BYTES + 1) };
  await assert.rejects(visit(policy, { manifest: await by(second), roots: [root] }), { code: "TOO_LARGE" });
});

test("roots of the state stay there when another one joins them", async () => {
  const { state } = await visit(policy, { manifest: await by(second), roots: [root2] });
  const after = await visit(policy, { manifest: await by(third), roots: [root2, root3], state });
  assert.deepEqual(after.state?.roots, [root2, root3]);
});

test("T11: a chain of 64 further roots is followed, one of 65 is not", async () => {
  const roots: SignedBytes[] = [];
  for (let version = 2; version <= 66; version++) {
    roots.push(await signRoot(rootText({ ...fields2, version }), [offline]));
  }
  assert.equal(
    (await visit(policy, { manifest: await by(second), roots: roots.slice(0, 64) })).state?.rootVersion,
    65,
  );
  await assert.rejects(visit(policy, { manifest: await by(second), roots }), {
    code: "TOO_LARGE",
    details: { what: "chain of roots", limit: 64, source: SOURCE },
  });
});

test("T4: when a new root changes the manifest's keys the sequence starts again, else it does not", async () => {
  const { state } = await visit(policy, { manifest: await by(first, MAX) });
  await assertUntrusted(visit(policy, { manifest: await by(first, 6), state }), "replayed");
  const sameKeys = await signRoot(rootText({ ...fields2, manifestKeys: [first] }), [offline]);
  await assertUntrusted(
    visit(policy, { manifest: await by(first, 6), state, roots: [sameKeys] }),
    "replayed",
  );
  const recovered = await visit(policy, { manifest: await by(second, 6), state, roots: [root2] });
  assert.equal(recovered.state?.manifest?.sequence, 6);
  await assertUntrusted(
    visit(policy, { manifest: await by(second, 5), state: recovered.state, roots: [root2] }),
    "replayed",
  );
});

test("T2, T4: a key that is added leaves the floor where it is, one that is withdrawn starts the sequence again", async () => {
  const pair = (version: number, manifestKeys: SecretKey[]) =>
    signRoot(rootText({ version, rootKeys: [offline], manifestKeys }), [offline]);
  const { state } = await visit(policy, { manifest: await by(first, 8) });
  const added = [await pair(2, [first, second])];
  // What the old key signed before, perhaps with a version that was yanked since.
  await assertUntrusted(visit(policy, { manifest: await by(first, 7), state, roots: added }), "replayed");
  await assertUntrusted(visit(policy, { manifest: await by(second, 7), state, roots: added }), "replayed");
  const other = await signManifest(manifestText({ sequence: 8, latest: {} }), [first]);
  await assertUntrusted(visit(policy, { manifest: other, state, roots: added }), "equivocation");
  const grown = await visit(policy, { manifest: await by(second, MAX), state, roots: added });
  // One of the two leaked, signed the highest number and was withdrawn, whichever it was; a third takes its place or not.
  for (const left of [[first], [second], [first, third], [second, third]]) {
    const roots = [...added, await pair(3, left)];
    const signed = await by(left[0]!, 5);
    const { state: after } = await visit(policy, { manifest: signed, state: grown.state, roots });
    assert.equal(after?.manifest?.sequence, 5);
  }
});

test("T4: the order of the manifest's keys does not matter", async () => {
  const ab = { ...fields2, manifestKeys: [first, second] },
    ba = { ...fields2, version: 3, manifestKeys: [second, first] };
  const roots = [await signRoot(rootText(ab), [offline]), await signRoot(rootText(ba), [offline])];
  const { state } = await visit(policy, { manifest: await by(first, 6), roots: roots.slice(0, 1) });
  await assertUntrusted(visit(policy, { manifest: await by(second, 5), state, roots }), "replayed");
});

test("T2: the compiled-in floor holds also when the manifest's keys change", async () => {
  const floor = signedBy({ app: APP, root: rootText(fields1), minimumSequence: 10 });
  await assertUntrusted(visit(floor, { manifest: await by(second, 9), roots: [root2] }), "replayed");
});

test("T11: a source that hides roots seen before does not bring a withdrawn key back", async () => {
  const { state } = await visit(policy, { manifest: await by(second), roots: [root2] });
  await assertUntrusted(visit(policy, { manifest: await by(first, 9), state }), "unknown-key");
  // Also when the state could not keep the roots themselves.
  const forgetful = { ...state!, roots: [] };
  await assertUntrusted(visit(policy, { manifest: await by(first, 9), state: forgetful }), "replayed");
  assert.ok(await visit(policy, { manifest: await by(second, 9), state: forgetful, roots: [root2] }));
});

test("T11: new roots are kept before the manifest is judged, so that a refused one does not undo them", async () => {
  let kept: TrustState | undefined;
  const persist = (state: TrustState) => Promise.resolve(void (kept = state));
  await assertUntrusted(visit(policy, { manifest: await by(first), roots: [root2], persist }), "unknown-key");
  assert.deepEqual(kept, { rootVersion: 2, roots: [root2], manifest: undefined });
  kept = parseTrustState(serialiseTrustState(kept!)).state;
  await assertUntrusted(visit(policy, { manifest: await by(first), state: kept }), "unknown-key");
});

test("roots are kept only when there are new ones", async () => {
  const { state } = await visit(policy, { manifest: await by(second), roots: [root2] });
  const persist = () => Promise.reject(new Error("nothing is new"));
  assert.deepEqual(
    (await visit(policy, { manifest: await by(second), roots: [root2], state, persist })).state,
    state,
  );
});

test("roots of the state are not fetched again, only the next one is asked for", async () => {
  const { state } = await visit(policy, { manifest: await by(third), roots: [root2, root3] });
  const asked: number[] = [];
  const fetchRoot = (version: number) => Promise.resolve(void asked.push(version));
  const manifest = { ...await by(third), source: SOURCE };
  assert.ok(await policy.verify(manifest, { now: NOW, state, fetchRoot }));
  assert.deepEqual(asked, [4]);
});

test("T29, T35: a root planted in the state gives nobody a right", async () => {
  const planted = await signRoot(rootText({ ...fields2, rootKeys: [thief], manifestKeys: [thief] }), [thief]);
  const state = { rootVersion: 2, roots: [planted], manifest: undefined };
  await assertUntrusted(visit(policy, { manifest: await by(thief), state }), "replayed");
  await assertUntrusted(visit(policy, { manifest: await by(thief), state, roots: [root2] }), "unknown-key");
  assert.ok((await visit(policy, { manifest: await by(second), state, roots: [root2] })).verdict.signed);
});

test("T35: a damaged root of the state is fetched again", async () => {
  const damaged = { bytes: ascii("{}"), signature: root2.signature };
  const state = { rootVersion: 3, roots: [damaged, root3], manifest: undefined };
  const roots = [root2, root3];
  const { verdict, state: after } = await visit(policy, { manifest: await by(third), state, roots });
  assert.ok(verdict.signed);
  assert.deepEqual(after?.roots, roots);
});

test("an older executable put back in place catches up from its own root", async () => {
  const newer = signedBy({ app: APP, root: rootText(fields2) });
  const { state } = await visit(newer, { manifest: await by(third), roots: [root2, root3] });
  assert.deepEqual(state?.roots, [root3]);
  assert.ok(
    (await visit(policy, { manifest: await by(third), state, roots: [root2, root3] })).verdict.signed,
  );
  await assertUntrusted(visit(policy, { manifest: await by(first), state }), "replayed");
});

test("verifyFile() follows rotations too", async () => {
  const file = { ...await by(first), name: "x", source: SOURCE };
  const context = {
    now: NOW,
    state: undefined,
    fetchRoot: (version: number) => Promise.resolve([root2][version - 2]),
  };
  await assertUntrusted(policy.verifyFile(file, context), "unknown-key");
});

test("a failure to ask for the next root stops the check with that very failure", async () => {
  const failure = new Error("no network");
  const fetchRoot = () => Promise.reject(failure);
  const manifest = { ...await by(first), source: SOURCE };
  await assert.rejects(
    policy.verify(manifest, { now: NOW, state: undefined, fetchRoot }),
    (error) => error === failure,
  );
});

test("signedBy() refuses a root of another program", () => {
  assert.throws(() => signedBy({ app: "other", root: rootText(fields1) }), /it is for demo/);
});

// deno-lint-ignore no-explicit-any
function edited(change: (root: any) => void): string {
  const root = JSON.parse(rootText(fields2));
  change(root);
  return JSON.stringify(root);
}

function nameOf(key: SecretKey): string {
  return `key ${key.publicKey.id}`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
