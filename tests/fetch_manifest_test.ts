import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { UntrustedReason, UpdateErrorCode } from "../src/errors.ts";
import { fetchManifest, type FetchManifestOptions } from "../src/fetch_manifest.ts";
import { MANIFEST_BYTES, SIGNATURE_BYTES } from "../src/limits.ts";
import type { SecretKey } from "../src/minisign_secret.ts";
import { MemoryMachine, type MemoryRuntime, memoryRuntime } from "../src/runtime/memory.ts";
import type { TrustPolicy } from "../src/trust.ts";
import { failsWith } from "./support/fails_with.ts";
import { inTemporaryFolder } from "./support/server_test.ts";
import {
  APP,
  manifestText,
  NOW,
  rootText,
  signManifest,
  signRoot,
  testKey,
} from "./support/signed_release.ts";

const SOURCE = "https://releases.example/version-manifest.json";
const STATE = "/home/user/.local/state/demo";

const key = await testKey(1);
const otherKey = await testKey(2);

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

test("fetchManifest() does not accept a manifest that is older than one seen before", async () => {
  const { runtime, files } = await signedServer();
  await fetchManifest(SOURCE, trusting(runtime));
  Object.assign(files, await filesFor(manifestText({ sequence: 4 }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "UNTRUSTED", { reason: "replayed" });
  Object.assign(files, await filesFor(manifestText({ extra: 1 }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "UNTRUSTED", { reason: "equivocation" });
});

test("fetchManifest() does not accept a manifest below the compiled-in sequence", async () => {
  const { runtime } = await signedServer();
  const fetching = fetchManifest(SOURCE, { ...trusting(runtime), minimumSequence: 6 });
  await failsWith(fetching, "UNTRUSTED", { reason: "replayed" });
});

for (const state of ["", "{", "null", "[]", "x".repeat(300_000)]) {
  test(`fetchManifest() goes on without the state when it is ${JSON.stringify(state.slice(0, 4))}`, async () => {
    const { runtime } = await signedServer();
    runtime.machine.put(`${STATE}/trust.json`, state);
    await fetchManifest(SOURCE, trusting(runtime));
    assert.equal(JSON.parse(runtime.machine.read(`${STATE}/trust.json`)!).manifest.sequence, 5);
  });
}

test("after a power cut at any moment fetchManifest() knows the sequence before or the new one, and goes back to none (T2, T28)", async () => {
  const older = await filesFor(manifestText({ sequence: 4 }), [key]);
  const newer = await filesFor(manifestText({ sequence: 6 }), [key]);
  for (let index = 0;; index++) {
    const { runtime, files } = await signedServer();
    const { machine } = runtime;
    await fetchManifest(SOURCE, trusting(runtime));
    Object.assign(files, newer);
    const first = machine.operations.log.length;
    let isCut = false;
    const stopped = new Promise<boolean>((resolve) => {
      machine.operations.before((operation) => {
        if (operation.index !== first + index) return;
        isCut = true;
        runtime.kill();
        resolve(false);
      });
    });
    const done = fetchManifest(SOURCE, trusting(runtime)).then(() => true, () => false);
    const isDone = await Promise.race([done, stopped]);
    for (const { disk, lost } of machine.disk.powerCuts(1, 32)) {
      const where = `cut at operation ${index}, lost ${lost.join()}`;
      const after = server(older, undefined, disk).runtime;
      const { manifest } = JSON.parse(after.machine.read(`${STATE}/trust.json`)!);
      assert([isDone ? 6 : 5, 6].includes(manifest.sequence), `${where}: ${manifest.sequence}`);
      await failsWith(fetchManifest(SOURCE, trusting(after)), "UNTRUSTED", { reason: "replayed" });
    }
    if (!isCut) return assert(isDone && index > 3, `${index} operations`);
  }
});

test("fetchManifest() does not remember a manifest that it cannot read", async () => {
  const { runtime, files } = await signedServer();
  Object.assign(files, await filesFor(manifestText({ versions: { "1.2": {} } }), [key]));
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "MANIFEST_INVALID", { path: 'versions["1.2"]' });
  assert.equal(runtime.machine.read(`${STATE}/trust.json`), undefined);
});

test("fetchManifest() follows a rotation of keys, and remembers it even when the manifest is refused", async () => {
  const first = rootText({ version: 1, rootKeys: [key], manifestKeys: [key] });
  const second = await signRoot(rootText({ version: 2, rootKeys: [key], manifestKeys: [otherKey] }), [key]);
  const { runtime, files } = server({
    ...await filesFor(manifestText(), [key]),
    "https://releases.example/2.root.json": second.bytes,
    "https://releases.example/2.root.json.minisig": second.signature!,
  });
  const options = { runtime, app: APP, root: first };
  await failsWith(fetchManifest(SOURCE, options), "UNTRUSTED", { reason: "unknown-key" });
  // The withdrawn key stays withdrawn, also when the new root cannot be seen any more.
  delete files["https://releases.example/2.root.json"];
  await failsWith(fetchManifest(SOURCE, options), "UNTRUSTED", { reason: "unknown-key" });
  Object.assign(files, await filesFor(manifestText(), [otherKey]));
  assert.deepEqual((await fetchManifest(SOURCE, options)).trust.keyIds, [otherKey.publicKey.id]);
});

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

test("fetchManifest() refuses a signature that is too large", async () => {
  const { runtime, files } = await signedServer();
  files[`${SOURCE}.minisig`] = "x".repeat(SIGNATURE_BYTES + 1);
  await failsWith(fetchManifest(SOURCE, trusting(runtime)), "TOO_LARGE", { what: "signature" });
});

for (const source of ["file:///srv/", "file:///srv/version-manifest.json"]) {
  test(`fetchManifest() reads a manifest from ${source}, with its signature`, async () => {
    const { runtime, requests } = server({});
    const signed = await signManifest(manifestText(), [key]);
    runtime.machine.put("/srv/version-manifest.json", signed.bytes);
    runtime.machine.put("/srv/version-manifest.json.minisig", signed.signature!);
    const manifest = await fetchManifest(source, trusting(runtime));
    assert.equal(manifest.source, "file:///srv/version-manifest.json");
    assert.equal(manifest.trust.signed, true);
    assert.deepEqual(requests, []);
  });
}

test("fetchManifest() says that there is no manifest", async () => {
  const { runtime } = server({});
  for (const source of [SOURCE, "file:///srv/version-manifest.json"]) {
    await failsWith(fetchManifest(source, { runtime }), "HTTP_STATUS", { url: source, status: 404 });
  }
});

test("fetchManifest() says that the address of a folder needs a slash", async () => {
  await inTemporaryFolder(async (folder) => {
    const source = pathToFileURL(folder).href;
    const { message } = await failsWith(fetchManifest(source), "NETWORK");
    assert.match(message, /it is a folder; end its address with a slash$/);
    assert.equal((await failsWith(fetchManifest(`${source}/`), "HTTP_STATUS")).details.status, 404);
  });
  const machine = new MemoryMachine();
  machine.putFolder("/srv");
  const { message } = await failsWith(fetchManifest("file:///srv", { runtime: machine.start() }), "NETWORK");
  assert.match(message, /at \/srv: it is a folder; end its address with a slash$/);
});

test("fetchManifest() says that a manifest in a folder cannot be read", async () => {
  const { runtime } = server({});
  runtime.machine.putFolder("/srv/version-manifest.json");
  await failsWith(fetchManifest("file:///srv/version-manifest.json", { runtime }), "NETWORK");
});

test("fetchManifest() takes the next source where one fails", async () => {
  const mirror = "https://mirror.example/version-manifest.json";
  const { runtime, requests } = server({ [SOURCE]: "no JSON", [mirror]: manifestText() });
  const manifest = await fetchManifest(["https://gone.example/m.json", SOURCE, mirror], { runtime });
  assert.equal(manifest.source, mirror);
  assert.deepEqual(requests, ["https://gone.example/m.json", SOURCE, mirror]);
});

test("fetchManifest() fails with the first source's failure, and keeps the others'", async () => {
  const { runtime } = server({ [SOURCE]: "no JSON" });
  const error = await failsWith(
    fetchManifest([SOURCE, "https://gone.example/m.json"], { runtime }),
    "MANIFEST_INVALID",
  );
  assert(error.cause instanceof AggregateError);
  const codes = error.cause.errors.map((cause) => cause.code ?? cause.name);
  assert.deepEqual(codes, ["SyntaxError", "HTTP_STATUS"]);
});

test("fetchManifest() asks GitHub for the file of the latest release", async () => {
  const address = "https://github.com/owner/re-po.js/releases/latest/download/version-manifest.json";
  const { runtime } = server({ [address]: manifestText() });
  assert.equal((await fetchManifest("github:owner/re-po.js", { runtime })).source, address);
});

for (const source of ["", "not an address", "github:owner", "github:owner/repo/more", []]) {
  test(`fetchManifest() tells its caller that ${JSON.stringify(source)} is no source`, async () => {
    await assert.rejects(fetchManifest(source, { runtime: server({}).runtime }), TypeError);
  });
}

for (
  const source of [
    "http://releases.example/m.json",
    "ftp://releases.example/m.json",
    "data:application/json,{}",
  ]
) {
  test(`fetchManifest() refuses the address ${source}`, async () => {
    const { runtime, requests } = server({});
    await failsWith(fetchManifest(source, { runtime }), "ADDRESS_REFUSED");
    assert.deepEqual(requests, []);
  });
}

test("fetchManifest() takes an insecure address where that is allowed", async () => {
  const source = "http://releases.example/m.json";
  const { runtime } = server({ [source]: manifestText() });
  assert.equal((await fetchManifest(source, { runtime, allowInsecure: true })).source, source);
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

type Files = Record<string, string | Uint8Array>;

function server(files: Files, onRequest?: () => void, disk?: MemoryRuntime["machine"]["disk"]) {
  const requests: string[] = [];
  const runtime = memoryRuntime({
    now: NOW,
    execPath: "/opt/demo",
    ...disk && { disk },
    fetch(url) {
      requests.push(url);
      onRequest?.();
      const content = files[url];
      if (content === undefined) return new Response("nothing there", { status: 404 });
      return new Response(content as Uint8Array<ArrayBuffer>);
    },
  });
  if (!disk) runtime.machine.putFolder("/home");
  return { runtime, requests, files };
}

async function filesFor(text: string, keys: readonly SecretKey[]): Promise<Files> {
  const { bytes, signature } = await signManifest(text, keys);
  return { [SOURCE]: bytes, [`${SOURCE}.minisig`]: signature! };
}

async function signedServer() {
  return server(await filesFor(manifestText(), [key]));
}

function trusting(runtime: MemoryRuntime): FetchManifestOptions {
  return { runtime, app: APP, keys: [key.publicKey.text] };
}
