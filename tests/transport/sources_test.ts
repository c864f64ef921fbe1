import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkForUpdate } from "../../src/check_for_update.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import { fetchManifest, type FetchManifestOptions } from "../../src/fetch_manifest.ts";
import type { UpdateErrorCode } from "../../src/errors.ts";
import { openCooldown } from "../../src/cooldown.ts";
import type { Runtime } from "../../src/runtime/types.ts";
import type { FaultServer } from "../../src/testing/fault_server.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import {
  APP,
  manifestText,
  rootText,
  signManifest,
  signRoot,
  signText,
  testKey,
} from "../support/signed_release.ts";
import { wireRuntime } from "../support/wire_runtime.ts";

const FILE = "version-manifest.json";
const CANARY = "canary-0123456789";

async function optionsFor(stateDirectory: string, runtime: Runtime): Promise<FetchManifestOptions> {
  return { app: APP, keys: [(await testKey(1)).publicKey.text], stateDirectory, runtime };
}

async function serveManifest(server: FaultServer, folder: string, fields = {}): Promise<string> {
  const { bytes, signature = new Uint8Array() } = await signManifest(manifestText(fields), [
    await testKey(1),
  ]);
  server.serve(`${folder}/${FILE}.minisig`, signature);
  return server.serve(`${folder}/${FILE}`, bytes);
}

/** The statuses of everything but the next root, which is not there. */
function statusesOf(server: FaultServer): number[] {
  return server.requests.filter(({ path }) => !path.endsWith(".root.json")).map(({ status }) => status);
}

const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
for (const order of orders) {
  const names = order.map((index) => ["missing", "stale", "good"][index]);
  serverTest(`of the mirrors ${names.join(", ")} the good one counts (T8)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      await serveManifest(server, "/stale", { sequence: 6 });
      await serveManifest(server, "/good", { sequence: 7 });
      const { runtime } = wireRuntime();
      const sources = names.map((name) => `${server.url}/${name}/${FILE}`);
      const manifest = await fetchManifest(sources, await optionsFor(folder, runtime));
      assert.equal(manifest.sequence, 7);
      assert.equal(manifest.source, `${server.url}/good/${FILE}`);
      const state = JSON.parse(await readFile(join(folder, "trust.json"), "utf8"));
      assert.equal(state.manifest.sequence, 7);
    });
  });
}

for (const place of [0, 1]) {
  serverTest(`a mirror that hangs in place ${place + 1} costs a second at most (T8)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const good = await serveManifest(server, "/good");
      server.fault("/hangs", { kind: "stall", after: "headers" }, { times: Infinity });
      const { runtime, clock } = wireRuntime();
      const sources = [good];
      sources.splice(place, 0, `${server.url}/hangs`);
      const pending = fetchManifest(sources, await optionsFor(folder, runtime));
      await server.arrived(3);
      while (!clock.pauses().includes(1000)) await new Promise((resolve) => setTimeout(resolve, 1));
      await clock.advance(1000);
      assert.equal((await pending).source, good);
      assert.deepEqual(clock.pauses(), [], "no timer is left");
    });
  });
}

serverTest("mirrors with the same manifest are mirrors of its files (T8)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const content = "new";
    const asset = {
      url: "files/app",
      mirrors: ["https://fixed.example/app"],
      sha256: digest(content),
      size: 3,
    };
    const versions = { "1.2.0": { platforms: { "linux-x86_64": asset } } };
    const { runtime } = wireRuntime();
    const options = await optionsFor(join(folder, "state"), runtime);
    const sources = [];
    for (const place of ["/one", "/two", "/older"]) {
      sources.push(await serveManifest(server, place, { versions, sequence: place === "/older" ? 4 : 5 }));
    }
    const manifest = await fetchManifest(sources, options);
    const urls = manifest.versions.get("1.2.0")?.assets.get("linux-x86_64")?.urls;
    const fixed = "https://fixed.example/app";
    assert.deepEqual(urls, [`${server.url}/one/files/app`, fixed, `${server.url}/two/files/app`]);

    server.serve("/two/files/app", content);
    server.serve("/one/files/app", "bad");
    const update = await checkForUpdate(manifest, {
      ...options,
      currentVersion: "1.0.0",
      target: "linux-x86_64",
    });
    assert(update);
    const executable = join(folder, "app");
    await writeFile(executable, "old", { mode: 0o755 });
    const fetch: Runtime["fetch"] = (url, init) =>
      url === fixed ? Promise.reject(new TypeError("Requires net access")) : runtime.fetch(url, init);
    const staged = await downloadVerified(update, { ...options, runtime: { ...runtime, fetch }, executable });
    assert.equal(await readFile(staged.path, "utf8"), content);
    await staged.discard();
  });
});

serverTest("two mirrors with different manifests under one number are an attack (T2)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const one = await serveManifest(server, "/one");
    const two = await serveManifest(server, "/two", { versions: {}, latest: {} });
    const { runtime } = wireRuntime();
    const pending = fetchManifest([one, two], await optionsFor(folder, runtime));
    await failsWith(pending, "UNTRUSTED", { reason: "equivocation" });
    assert(!existsSync(join(folder, "trust.json")));
  });
});

serverTest(
  "a manifest that has not changed is not sent again, and verified again (T18)",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "", { sequence: 5 });
      const { runtime, clock } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      await fetchManifest(url, options);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server), [200, 200, 304], "its signature is not asked for");
      await clock.advance(365 * 86_400_000);
      await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    });
  },
);

/** What is done to the kept files, given the first line and the rest of each; what the next check sends for each. */
const damages: [title: string, damaged: (head: string, body: string) => string, statuses: number[]][] = [
  ["is empty", () => "", [200, 200]],
  ["has no ETag", () => "x\n{}", [200, 200]],
  ["ends in the middle", (head, body) => `${head}\n${body.slice(0, 30)}`, [200, 200]],
  ["has the right ETag and other bytes", (head) => `${head}\n{}`, [200, 200]],
  [
    "has the right ETag, other bytes and their digest",
    (head) => `${head.split(" ")[0]} ${digest("{}")}\n{}`,
    [304, 200, 200],
  ],
];
for (const [title, damaged, statuses] of damages) {
  for (const isSigned of [true, false]) {
    const keys = isSigned ? "with keys" : "without keys";
    serverTest(`a cache that ${title} is asked for anew, ${keys} (T18, T35)`, {}, async (server) => {
      await inTemporaryFolder(async (folder) => {
        const url = await serveManifest(server, "");
        const { runtime } = wireRuntime();
        const options = isSigned ? await optionsFor(folder, runtime) : { stateDirectory: folder, runtime };
        await fetchManifest(url, options);
        const documents = server.requests.filter(({ status }) => status === 200).length;
        await damageCache(folder, damaged);
        assert.equal((await fetchManifest(url, options)).sequence, 5);
        const expected = isSigned ? statuses : statuses.slice(0, -1);
        assert.deepEqual(statusesOf(server).slice(documents), expected);
        assert.equal((await fetchManifest(url, options)).sequence, 5);
        assert.deepEqual(
          statusesOf(server).slice(documents),
          [...expected, 304],
          "what was accepted is kept",
        );
      });
    });
  }
}

/** What is done to the kept signature alone, and what the next check sends. */
const damagedSignatures: [title: string, damaged: (head: string, body: string) => string, number[]][] = [
  ["is empty", () => "", [304, 200]],
  ["has other bytes than it had", (head) => `${head}\n?`, [304, 200]],
  ["is one of something else", (head) => `${head.split(" ")[0]} ${digest("?")}\n?`, [304, 200, 200]],
];
for (const [title, damaged, statuses] of damagedSignatures) {
  serverTest(`a kept signature that ${title} is asked for anew (T18, T35)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      await fetchManifest(url, options);
      const isSignature = (body: string) => body.startsWith("untrusted comment:");
      await damageCache(folder, (head, body) => isSignature(body) ? damaged(head, body) : `${head}\n${body}`);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server).slice(2), statuses);
      await fetchManifest(url, options);
      assert.deepEqual(statusesOf(server).slice(2), [...statuses, 304], "what was accepted is kept");
    });
  });
}

serverTest(
  "a manifest that was only signed anew, after a rotation of keys, is accepted at once (T11)",
  {},
  async (server) => {
    await inTemporaryFolder(async (stateDirectory) => {
      const [old, next] = [await testKey(1), await testKey(2)];
      const root = rootText({ version: 1, rootKeys: [old], manifestKeys: [old] });
      const { runtime } = wireRuntime();
      const options = { app: APP, root, stateDirectory, runtime };
      const url = await serveManifest(server, "");
      await fetchManifest(url, options);
      const second = await signRoot(rootText({ version: 2, rootKeys: [old], manifestKeys: [next] }), [old]);
      server.serve("/2.root.json", second.bytes);
      server.serve("/2.root.json.minisig", second.signature ?? assert.fail("no signature"));
      const both = await signManifest(manifestText(), [old, next]);
      server.serve(`/${FILE}.minisig`, both.signature ?? assert.fail("no signature"));
      assert.deepEqual((await fetchManifest(url, options)).trust.keyIds, [next.publicKey.id]);
      const asked = server.requests.filter(({ path }) => path.startsWith(`/${FILE}`)).slice(2);
      assert.deepEqual(asked.map(({ path, status }) => [path, status]), [
        [`/${FILE}`, 304],
        [`/${FILE}`, 200],
        [`/${FILE}.minisig`, 200],
      ]);
      await fetchManifest(url, options);
      assert.equal(statusesOf(server).at(-1), 304);
    });
  },
);

serverTest("a manifest that was sent anew is judged by the signature of now", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    await fetchManifest(url, options);
    await serveManifest(server, "", { sequence: 6 });
    assert.equal((await fetchManifest(url, options)).sequence, 6);
    assert.deepEqual(statusesOf(server), [200, 200, 200, 200]);
  });
});

async function damageCache(folder: string, damaged: (head: string, body: string) => string): Promise<void> {
  const cache = join(folder, "cache");
  for (const name of await readdir(cache)) {
    const [head = "", ...rest] = (await readFile(join(cache, name), "latin1")).split("\n");
    await writeFile(join(cache, name), damaged(head, rest.join("\n")), "latin1");
  }
}

for (const path of [`/${FILE}`, `/${FILE}.minisig`]) {
  serverTest(`one bad transfer of ${path} does not outlive its check (T18, T35)`, {}, async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      server.fault(path, { kind: "corrupt", at: 30 });
      await failsWith(fetchManifest(url, options), "UNTRUSTED");
      assert(!existsSync(join(folder, "cache")), "what was refused is not kept");
      assert.equal((await fetchManifest(url, options)).sequence, 5);
      assert.deepEqual(statusesOf(server), [200, 200, 200, 200]);
    });
  });
}

serverTest("one bad transfer without keys does not outlive its check (T35)", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    const url = await serveManifest(server, "");
    const { runtime } = wireRuntime();
    server.fault(`/${FILE}`, { kind: "corrupt", at: 0 });
    await failsWith(fetchManifest(url, { stateDirectory, runtime }), "MANIFEST_INVALID");
    assert.equal((await fetchManifest(url, { stateDirectory, runtime })).sequence, 5);
  });
});

serverTest("a damaged list of releases does not outlive its check (T35)", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    server.serve(RELEASES, JSON.stringify([release("v1.2.0", { [BINARY]: "new" })]));
    const options = { stateDirectory, runtime: githubRuntime(server) };
    server.fault(RELEASES, { kind: "corrupt", at: 0 });
    await failsWith(fetchManifest("github:o/r", options), "MANIFEST_INVALID");
    assert.equal((await fetchManifest("github:o/r", options)).versions.size, 1);
    await damageCache(stateDirectory, (head) => `${head.split(" ")[0]} ${digest("{")}\n{`);
    assert.equal((await fetchManifest("github:o/r", options)).versions.size, 1);
    assert.deepEqual(
      server.requests.filter(({ path }) => path.startsWith(RELEASES)).map(({ status }) => status),
      [200, 200, 304, 200],
    );
  });
});

serverTest("a document that is refused for good is asked for twice at most", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime, clock } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    await fetchManifest(url, options);
    await clock.advance(365 * 86_400_000);
    await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    await failsWith(fetchManifest(url, options), "UNTRUSTED", { reason: "expired" });
    assert.deepEqual(statusesOf(server).slice(2), [304, 200, 200, 200, 200]);
  });
});

serverTest("a 304 that nobody asked for is an error (T18)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "");
    server.fault(`/${FILE}`, { kind: "status", status: 304 });
    const { runtime } = wireRuntime();
    await failsWith(fetchManifest(url, await optionsFor(folder, runtime)), "HTTP_STATUS", { status: 304 });
  });
});

serverTest("the same ETag with other bytes is taken as it comes (T18)", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const url = await serveManifest(server, "", { sequence: 5 });
    const { runtime } = wireRuntime();
    const options = await optionsFor(folder, runtime);
    server.fault("*", { kind: "headers", headers: { etag: '"same"' } }, { times: Infinity });
    await fetchManifest(url, options);
    await serveManifest(server, "", { sequence: 6 });
    assert.equal((await fetchManifest(url, options)).sequence, 6);
  });
});

serverTest(
  "a pause that a server asked for is honoured by the next process, and ends",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime, clock } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      server.fault("*", { kind: "status", status: 429, headers: { "retry-after": "600" } });
      const { details } = await failsWith(fetchManifest(url, options), "RATE_LIMITED");
      await failsWith(fetchManifest(url, options), "RATE_LIMITED", { until: details.until });
      assert.equal(server.requests.length, 1);
      await clock.advance(600_000);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
    });
  },
);

serverTest("of several servers that ask for a pause at the same time each is left alone", {}, async () => {
  await inTemporaryFolder(async (folder) => {
    const { runtime, clock } = wireRuntime();
    const until = clock.now() + 1000;
    const origins = ["https://a", "https://b", "https://c"];
    await Promise.all(origins.map((origin) => openCooldown(runtime, folder).pause(origin, false, until)));
    for (const origin of origins) {
      assert.equal(await openCooldown(runtime, folder).until(origin, false), until);
    }
  });
});

serverTest("a file: source that cannot be read delays and ends no other one", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    const good = await serveManifest(server, "/good");
    const options = await optionsFor(folder, wireRuntime().runtime);
    for (const bad of ["file:///srv/100%/", "file:///srv/%ff/", "file:///srv/a%2Fb/"]) {
      assert.equal((await fetchManifest([bad, good], options)).source, good);
      await failsWith(fetchManifest(bad, options), "ADDRESS_REFUSED");
    }
  });
});

serverTest("a damaged or future note of pauses counts as none (T35)", {}, async () => {
  await inTemporaryFolder(async (folder) => {
    const { runtime, clock } = wireRuntime();
    const cooldown = openCooldown(runtime, folder);
    const path = join(folder, "cooldown.json");
    const far = clock.now() + 10 * 86_400_000;
    for (
      const text of ["", "{", "[]", "null", '{"https://a":"x"}', `{"https://a":${far}}`, `{"https://a":1}`]
    ) {
      await writeFile(path, text);
      assert.equal(await cooldown.until("https://a", false), undefined, text);
    }
    await cooldown.pause("https://a", false, clock.now() + 1000);
    assert.equal(await cooldown.until("https://a", false), clock.now() + 1000);
    assert.equal(await cooldown.until("https://a", true), undefined);
    assert.equal(await cooldown.until("https://b", false), undefined);
  });
});

/** Sends requests for GitHub's hosts to the server, below a folder named after the host. */
function githubRuntime(server: FaultServer): Runtime {
  const { runtime } = wireRuntime();
  const fetch: Runtime["fetch"] = (url, init) => {
    const { host, pathname, search } = new URL(url);
    return runtime.fetch(host.startsWith("127.") ? url : `${server.url}/${host}${pathname}${search}`, init);
  };
  return { ...runtime, fetch };
}

const RELEASES = "/api.github.com/repos/o/r/releases";
const digest = (text: string) => createHash("sha256").update(text).digest("hex");

function release(tag: string, files: Record<string, string>, more = {}): Record<string, unknown> {
  const assets = Object.entries(files).map(([name, content]) => ({
    name,
    size: content.length,
    digest: `sha256:${digest(content)}`,
    state: "uploaded",
    browser_download_url: `https://github.com/o/r/releases/download/${tag}/${name}`,
    url: `https://api.github.com/repos/o/r/releases/assets/${tag}-${name}`,
  }));
  return {
    tag_name: tag,
    draft: false,
    prerelease: false,
    published_at: "2026-01-01T00:00:00Z",
    assets,
    ...more,
  };
}

function serveFiles(server: FaultServer, tag: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    server.serve(`/github.com/o/r/releases/download/${tag}/${name}`, content);
    server.serve(`/api.github.com/repos/o/r/releases/assets/${tag}-${name}`, content);
  }
}

const BINARY = "app-v1.2.0-linux-x86_64";

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

serverTest("github: reports until when the API is closed, and asks once", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    server.fault(RELEASES, {
      kind: "status",
      status: 403,
      headers: {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1768482000",
        date: "Thu, 15 Jan 2026 12:00:00 GMT",
      },
    });
    const runtime = githubRuntime(server);
    const options = { runtime, stateDirectory: folder };
    const until = runtime.now() + 3_600_000;
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED", { until });
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED", { until });
    assert.equal(server.requests.filter(({ path }) => path.startsWith(RELEASES)).length, 1);
  });
});

serverTest("github: a token is not kept waiting by the limit of those without one", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    const options = { runtime: githubRuntime(server), stateDirectory };
    server.serve(RELEASES, JSON.stringify([release("v1.2.0", { [BINARY]: "new" })]));
    server.fault(RELEASES, { kind: "rate-limit", limit: "primary", seconds: 3600 });
    const { message } = await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED");
    assert.match(message, /or give a token \(GITHUB_TOKEN/);
    const withToken = { ...options, githubToken: CANARY };
    assert.equal((await fetchManifest("github:o/r", withToken)).versions.size, 1);
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED");

    server.fault(RELEASES, { kind: "rate-limit", limit: "primary", seconds: 3600 });
    const refusal = await failsWith(fetchManifest("github:o/r", withToken), "RATE_LIMITED");
    assert(!refusal.message.includes("token"), "there is one already");
    await failsWith(fetchManifest("github:o/r", { ...withToken, githubToken: "another" }), "RATE_LIMITED");
    const note = await readFile(join(stateDirectory, "cooldown.json"), "utf8");
    assert(!note.includes(CANARY), "nothing of the token is written down");
    assert.equal(server.requests.filter(({ path }) => path.startsWith(RELEASES)).length, 3);
  });
});
