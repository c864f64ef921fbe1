/**
 * What a server in an attacker's hands, or whoever sits in between, can try: each attack is mounted against a compiled
 * `cco`, which must say what is wrong, exit as the contract says, and leave everything as it was. The numbers are those of
 * `docs/trust.md`.
 */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { signMessage } from "../../src/minisign_secret.ts";
import { type FaultServer, startFaultServer } from "../../src/testing/fault_server.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import {
  ARCHIVE,
  type HostileOptions,
  type HostileServer,
  hostileServer,
  MANIFEST,
  PROGRAM,
} from "../support/deno/hostile_server.ts";
import { type Interceptor, startInterceptor } from "../support/deno/interceptor.ts";
import { NEW, OLD } from "../support/deno/published.ts";
import { rootText, signRoot, testKey } from "../support/signed_release.ts";
import { tarGz } from "../support/tar_archive.ts";
import { zip } from "../support/zip_archive.ts";
import { makeCertificate, missing } from "../transport/support/peers.ts";

const UNTRUSTED = ["Signature verification failed", 5] as const;
const UNCHECKED = ["Could not check for updates", 4] as const;
const UNDELIVERED = ["Could not download the update", 4] as const;
const CHECKSUM = ["Checksum verification failed", 5] as const;
const NO_BINARY = ["Binary not found in archive", 5] as const;
const NO_ASSET = ["No release asset found for platform", 5] as const;

type Attack = [
  what: string,
  mount: (hostile: HostileServer) => void | Promise<void>,
  refusal: readonly [message: string, exit: number],
  reason: RegExp,
];

const thief = await testKey(66);
const posix = { skip: Deno.build.os === "windows" && "the genuine new version is a shell script" };

/** A change of the manifest that the publisher, or a thief of the key, signs. */
function signed(fields: Record<string, unknown>): Attack[1] {
  return async ({ manifest, publish }) => {
    Object.assign(manifest, fields);
    await publish();
  };
}

/** The client has seen the genuine manifest before the attack begins. */
function afterCheck(then: Attack[1]): Attack[1] {
  return async (hostile) => {
    assert.equal((await hostile.home.run("update", "--check")).code, 0);
    await then(hostile);
  };
}

function redirected(to: string): Attack[1] {
  return ({ server }) => server.fault(MANIFEST, { kind: "redirect", to }, { times: Infinity });
}

async function rotate({ server }: HostileServer, signers: typeof thief[], next: typeof thief): Promise<void> {
  const text = rootText({
    app: "cco",
    version: 2,
    rootKeys: [next],
    manifestKeys: [next],
    expires: "2099-01-01T00:00:00Z",
  });
  const { bytes, signature } = await signRoot(text, signers);
  server.serve("/2.root.json", bytes);
  server.serve("/2.root.json.minisig", signature!);
}

const DAY = 24 * 60 * 60 * 1000;
const other = tarGz({
  name: "cco",
  content: new TextEncoder().encode(`#!/bin/sh\necho cco ${NEW} # other\n`),
});

const attacks: Attack[] = [
  [
    "T1: a manifest of which one byte was changed",
    ({ publish }) => publish({ change: (text) => text.replace(`"sequence": 7`, `"sequence": 8`) }),
    UNTRUSTED,
    /its signature does not fit/,
  ],
  [
    "T1: a manifest without a signature",
    ({ server }) => server.remove(`${MANIFEST}.minisig`),
    UNTRUSTED,
    /it has no signature/,
  ],
  [
    "T1: a manifest signed by somebody else",
    ({ publish }) => publish({ keys: [thief] }),
    UNTRUSTED,
    /not by a trusted key/,
  ],
  [
    "T1: a signature file that is none",
    ({ server }) => void server.serve(`${MANIFEST}.minisig`, "trust me\n"),
    UNTRUSTED,
    /its signature is malformed/,
  ],
  [
    "T2: a manifest older than the one seen before",
    afterCheck(signed({ sequence: 6 })),
    UNTRUSTED,
    /its sequence is 6, below 7/,
  ],
  [
    "T2: another manifest under the number of the one seen before",
    afterCheck(signed({ note: "for you alone" })),
    UNTRUSTED,
    /the same sequence 7/,
  ],
  [
    "T3: a manifest that has expired",
    signed({ expires: new Date(Date.now() - DAY).toISOString() }),
    UNTRUSTED,
    /expired/,
  ],
  ["T3: a manifest that never expires", signed({ expires: undefined }), UNCHECKED, /expires/],
  [
    "T3: a manifest of the day after tomorrow",
    signed({ issued: new Date(Date.now() + 2 * DAY).toISOString() }),
    UNTRUSTED,
    /it is of a day to come/,
  ],
  ["T4: a sequence above which there is none", signed({ sequence: 2 ** 53 }), UNCHECKED, /sequence/],
  [
    "T5: another file under the address of the signed one",
    ({ server }) => void server.serve(ARCHIVE, other),
    CHECKSUM,
    /is not the published one/,
  ],
  [
    "T6: a manifest without end",
    ({ server }) => server.fault(MANIFEST, { kind: "endless" }, { times: Infinity }),
    UNCHECKED,
    /larger than 1048576 bytes/,
  ],
  [
    "T6: a manifest above its cap",
    signed({ padding: "x".repeat(1 << 20) }),
    UNCHECKED,
    /larger than 1048576 bytes/,
  ],
  [
    "T6: a signature file without end",
    ({ server }) => server.fault(`${MANIFEST}.minisig`, { kind: "endless" }, { times: Infinity }),
    UNCHECKED,
    /larger than 16384 bytes/,
  ],
  [
    "T6: an archive without end",
    ({ server }) => server.fault(ARCHIVE, { kind: "endless" }, { times: Infinity }),
    CHECKSUM,
    /is not the published one/,
  ],
  [
    "T9: a manifest of another program by the same publisher",
    signed({ app: "other" }),
    UNTRUSTED,
    /its signature is not for cco/,
  ],
  [
    "T9: a manifest of another program that was signed as if for this one",
    async ({ manifest, publish }) => {
      manifest["app"] = "other";
      await publish({ comment: `cco-manifest/1 cco seq=7 expires=${manifest["expires"]}` });
    },
    UNTRUSTED,
    /it is for "other"/,
  ],
  [
    "T9: a manifest that was signed for another program",
    ({ publish }) => publish({ comment: "cco-manifest/1 other seq=7 expires=2099-01-01T00:00:00Z" }),
    UNTRUSTED,
    /its signature is not for cco/,
  ],
  [
    "T10: commands to run",
    async ({ asset, publish }) => {
      asset["postinstall"] = "touch pwned";
      await publish();
    },
    NO_ASSET,
    /has no files that this program understands/,
  ],
  [
    "T11: a next root that only the thief has signed",
    async (hostile) => {
      await rotate(hostile, [thief], thief);
      await hostile.publish({ keys: [thief] });
    },
    UNTRUSTED,
    /root 2 of .* does not follow the last one/,
  ],
  [
    "T11: a manifest by a key that was withdrawn",
    (hostile) => rotate(hostile, [RELEASE_KEY, thief], thief),
    UNTRUSTED,
    /not by a trusted key/,
  ],
  [
    "T12: a signature that was made for a file",
    ({ publish }) => publish({ comment: "cco-file/1 cco version-manifest.json" }),
    UNTRUSTED,
    /its signature is not for cco-manifest/,
  ],
  [
    "T13: a second spelling of the genuine signature",
    async ({ server, manifest }) => {
      const text = JSON.stringify(manifest, undefined, 2);
      const comment = `cco-manifest/1 cco seq=7 expires=${manifest["expires"]}`;
      const block = await signMessage(new TextEncoder().encode(text), RELEASE_KEY, {
        trustedComment: comment,
      });
      server.serve(`${MANIFEST}.minisig`, respelled(block));
    },
    UNTRUSTED,
    /its signature does not fit/,
  ],
  [
    "T14: 100,000 nested lists without a signature",
    ({ publish }) => publish({ change: () => "[".repeat(100_000) }),
    UNTRUSTED,
    /its signature does not fit/,
  ],
  [
    "T15: a redirect to plain http on another machine",
    redirected("http://192.0.2.1/version-manifest.json"),
    UNCHECKED,
    /192\.0\.2\.1/,
  ],
  [
    "T15: a redirect to a file of the machine",
    redirected("file:///etc/passwd"),
    UNCHECKED,
    /file: addresses are not fetched/,
  ],
  [
    "T15: a redirect with a password in it",
    redirected("http://user:secret@127.0.0.1:9/m.json"),
    UNCHECKED,
    /it has a user or password in it/,
  ],
  ["T15: redirects in a circle", redirected(MANIFEST), UNCHECKED, /redirect/],
  [
    "T18: an answer that nothing has changed, to who has nothing",
    ({ server }) => server.fault(MANIFEST, { kind: "status", status: 304 }, { times: Infinity }),
    UNCHECKED,
    /304/,
  ],
  [
    "T19: an archive whose executable would land outside of it",
    async ({ pack, publish }) => {
      pack(
        tarGz(...["../cco", "../../cco", "/cco", "a/../../cco"].map((name) => ({ name, content: PROGRAM }))),
      );
      await publish();
    },
    NO_BINARY,
    /it holds \.\.\/cco/,
  ],
  [
    "T19: a zip whose executable would land outside of it",
    async ({ pack, publish, server, asset }) => {
      const packed = zip(["../cco", "..\\cco", "/cco"].map((name) => ({ name, content: PROGRAM })));
      pack(packed);
      asset["url"] = "cco.zip";
      server.serve("/cco.zip", packed);
      await publish();
    },
    NO_BINARY,
    /it holds \.\.\/cco/,
  ],
  [
    "T20: a link where the executable should be",
    async ({ pack, publish }) => {
      pack(tarGz({ name: "cco", type: "2", linkName: "/bin/sh" }, { name: "cco", content: PROGRAM }));
      await publish();
    },
    NO_BINARY,
    /is a symbolic link/,
  ],
  [
    "T21: an archive that would become 256 MiB",
    async ({ pack, publish }) => {
      pack(tarGz({ name: "cco", content: new Uint8Array(256 << 20) }));
      await publish();
    },
    UNDELIVERED,
    /more than the 29 bytes/,
  ],
];

for (const [what, mount, [message, exit], reason] of attacks) {
  test(`a compiled cco is not fooled. ${what}`, posix, async (t) => {
    const hostile = await hostileServer(t);
    await mount(hostile);
    await refuses(hostile, message, exit, reason);
  });
}

async function refuses(
  { home, snapshot }: HostileServer,
  message: string,
  exit: number,
  reason: RegExp,
): Promise<void> {
  const before = await snapshot();
  const { code, stdout, stderr } = await home.run("update", "--yes");
  assert.equal(stderr.slice(0, message.length), message, stdout + stderr);
  assert.match(stderr.slice(message.length), reason);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  assert.equal(code, exit, stderr);
  const after = await snapshot();
  // A genuine manifest may be remembered although what came after it was not genuine.
  if (message !== UNTRUSTED[0] && message !== UNCHECKED[0]) {
    delete before["newest manifest"], delete after["newest manifest"];
  }
  assert.deepEqual(after, before);
  assert.equal((await home.run("--version")).stdout, `cco ${OLD}\n`);
}

/** The signature with S raised by the group order (RFC 8032 section 5.1.7 forbids it). */
function respelled(block: string): string {
  const lines = block.split("\n");
  const bytes = Uint8Array.fromBase64(lines[1]!);
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = order;
  for (let index = 0; index < 32; index++) s += BigInt(bytes[42 + index]!) << BigInt(8 * index);
  for (let index = 0; index < 32; index++) bytes[42 + index] = Number(s >> BigInt(8 * index) & 255n);
  lines[1] = bytes.toBase64();
  return lines.join("\n");
}

test("the same compiled cco installs what the same server offers without an attack", posix, async (t) => {
  const { home } = await hostileServer(t);
  const { code, stderr } = await home.run("update", "--yes");
  assert.equal(code, 0, stderr);
  assert.deepEqual(await Deno.readFile(home.executable), PROGRAM);
});

test(
  "a compiled cco is not fooled. T8: a mirror that is stale or forged hides nothing from who asks another",
  posix,
  async (t) => {
    const mirror = await startFaultServer();
    t.after(() => mirror.close());
    const { home, manifest, publish, server } = await hostileServer(t, {
      env: (url) => ({ CCO_UPDATES_SOURCES: `${mirror.url}${MANIFEST},${url}${MANIFEST}` }),
    });
    const offered = async () =>
      JSON.parse((await home.run("update", "--check", "--json")).stdout).update?.version;
    const copy = async (text: string) => {
      mirror.serve(MANIFEST, text);
      mirror.serve(`${MANIFEST}.minisig`, await (await fetch(`${server.url}${MANIFEST}.minisig`)).text());
    };
    await copy(await (await fetch(server.url + MANIFEST)).text());
    manifest.sequence = 8;
    manifest.versions["2025.12.1"] = manifest.versions[NEW]!;
    manifest.latest["stable"] = "2025.12.1";
    await publish();
    assert.equal(await offered(), "2025.12.1");
    await copy((await (await fetch(server.url + MANIFEST)).text()).replaceAll("2025.12.1", "2026.6.6"));
    assert.equal(await offered(), "2025.12.1");
  },
);

/** A server with a certificate by a private authority. */
async function withAuthority(
  t: TestContext,
  options: { readonly trusted: boolean; readonly env?: HostileOptions["env"]; readonly names?: string[] },
): Promise<HostileServer> {
  const folder = await Deno.makeTempDir({ prefix: "cco-authority-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const { ca, cert, key } = await makeCertificate(folder, options.names);
  const tls = { key: await Deno.readTextFile(key), cert: await Deno.readTextFile(cert) };
  const env: HostileOptions["env"] = async (url) => ({
    ...options.trusted ? { SSL_CERT_FILE: ca } : {},
    ...await options.env?.(url),
  });
  return await hostileServer(t, { server: { tls }, env });
}

const openssl = { skip: posix.skip || missing("openssl") };
if (openssl.skip) console.log(`skipped: ${openssl.skip}`);

test(
  "a compiled cco is not fooled. T15: a redirect from https to http, even on this machine",
  openssl,
  async (t) => {
    const hostile = await withAuthority(t, { trusted: true });
    const plain = await startFaultServer();
    t.after(() => plain.close());
    redirected(plain.url + MANIFEST)(hostile);
    await refuses(hostile, ...UNCHECKED, /https/);
    assert.deepEqual(plain.requests, []);
  },
);

test(
  "a compiled cco is not fooled. T17: somebody in between whose certificate nobody has vouched for",
  openssl,
  async (t) => {
    const hostile = await withAuthority(t, { trusted: false });
    await refuses(hostile, ...UNCHECKED, /an authority this program does not know/);
    assert.deepEqual(hostile.server.requests, []);
  },
);

test(
  "a compiled cco is not fooled. T17: somebody in between whom the machine trusts changes what he passes on",
  openssl,
  async (t) => {
    const names = ["releases.invalid"];
    let proxy: Interceptor | undefined;
    const env = async (url: string) => {
      proxy = await startInterceptor(t, url);
      return { HTTPS_PROXY: proxy.url, CCO_UPDATES_SOURCES: `https://${names[0]}${MANIFEST}` };
    };
    const hostile = await withAuthority(t, { trusted: true, names, env });
    assert.equal((await hostile.home.run("update", "--check")).code, 0);
    assert.deepEqual([...proxy!.hosts], names);
    await hostile.publish({ change: (text) => text.replaceAll(NEW, "2026.6.6") });
    await refuses(hostile, ...UNTRUSTED, /its signature does not fit/);
    await hostile.publish();
    hostile.server.serve(ARCHIVE, other);
    await refuses(hostile, ...CHECKSUM, /is not the published one/);
  },
);

test(
  "a compiled cco is not fooled. T16: GitHub's token goes to its API and to no other host",
  openssl,
  async (t) => {
    const names = ["api.github.com", "github.com", "release-assets.githubusercontent.com"];
    const token = "canary-token";
    const env = async (url: string) => {
      const { url: HTTPS_PROXY } = await startInterceptor(t, url);
      return { HTTPS_PROXY, GITHUB_TOKEN: token, CCO_UPDATES_SOURCES: "github:o/r" };
    };
    const { home, server, asset, publish } = await withAuthority(t, { trusted: true, names, env });
    asset["url"] = `https://github.com/o/r/releases/download/v${NEW}${ARCHIVE}`;
    await publish();
    serveRelease(server, [MANIFEST, `${MANIFEST}.minisig`, ARCHIVE]);
    const { code, stdout, stderr } = await home.run("update", "--yes", "--verbose");
    assert.equal(code, 0, stderr);
    assert(!`${stdout}${stderr}`.includes(token));
    const seen = server.requests.map(({ path, headers }) => ({
      host: headers.get("host"),
      hasToken: path.includes(token) || [...headers.values()].some((value) => value.includes(token)),
    }));
    const sent = seen.filter(({ hasToken }) => hasToken);
    assert(sent.length > 0 && sent.every(({ host }) => host === names[0]), JSON.stringify(seen));
    assert(seen.some(({ host }) => host === names[2]), JSON.stringify(seen));
  },
);

/** A private repository: files only through the API, which leads to another host. */
function serveRelease(server: FaultServer, paths: string[]): void {
  const assets = paths.map((path, id) => ({
    name: path.slice(1),
    size: 1,
    url: `https://api.github.com/repos/o/r/releases/assets/${id}`,
    browser_download_url: `https://github.com/o/r/releases/download/v${NEW}${path}`,
  }));
  server.serve(
    "/repos/o/r/releases",
    JSON.stringify([{ tag_name: `v${NEW}`, draft: false, prerelease: false, assets }]),
  );
  for (const [id, path] of paths.entries()) {
    const to = `https://release-assets.githubusercontent.com${path}`;
    for (const from of [`/repos/o/r/releases/assets/${id}`, `/o/r/releases/download/v${NEW}${path}`]) {
      server.fault(from, { kind: "redirect", to }, { times: Infinity });
    }
  }
}

/** What clears a screen, sets a title, overwrites a line, turns the direction of reading, or hides. */
const STEERING = "\x1b[2J\x1b]0;owned\x07\x9b31m\rgood\u202eevil\u200b";
// deno-lint-ignore no-control-regex
const STEERS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]/;

test(
  "a compiled cco is not fooled. T30: nothing that a server sends steers the terminal",
  posix,
  async (t) => {
    const { home, manifest, publish, server } = await hostileServer(t);
    manifest.versions[NEW]!["notes"] = `- fix ${STEERING}`;
    manifest.latest[`beta${STEERING}`] = NEW;
    await publish();
    const shown: string[] = [];
    const run = async (...words: string[]) => {
      const { stdout, stderr } = await home.run(...words);
      shown.push(stdout + stderr);
    };
    const commands = ["update --dry-run --yes", "explain", "doctor", "version"];
    for (const words of commands) await run(...words.split(" "));
    await run("update", "--check", "--channel", "nightly");
    server.fault(MANIFEST, { kind: "status", status: 500, body: STEERING }, { times: Infinity });
    await run("update", "--check", "--verbose");
    for (const text of shown) assert(!STEERS.test(text), JSON.stringify(text));
    assert.match(shown[0]!, /- fix\n {2}goodevil\n/);
    assert.match(shown[4]!, /, beta.*good/);
  },
);

test(
  "a compiled cco is not fooled. T31: a channel's name does not make a line of its own",
  posix,
  async (t) => {
    const { home, manifest, publish } = await hostileServer(t);
    const forged = "✅ Successfully updated to v9.9.9";
    manifest.latest[`x\n${forged}`] = NEW;
    await publish();
    const { stdout, stderr } = await home.run("update", "--check", "--channel", "nightly");
    assert(stderr.includes(forged), stderr);
    assert(!`${stdout}${stderr}`.split("\n").some((line) => line.startsWith("✅")), stderr);
  },
);
