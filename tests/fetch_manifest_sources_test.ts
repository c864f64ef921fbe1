import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { fetchManifest } from "../src/fetch_manifest.ts";
import { MemoryMachine } from "../src/runtime/memory.ts";
import { failsWith } from "./support/fails_with.ts";
import { key, server, SOURCE, trusting } from "./support/manifest_server.ts";
import { inTemporaryFolder } from "./support/server_test.ts";
import { manifestText, signManifest } from "./support/signed_release.ts";

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
