/** OpenPGP besides minisign: what `gpg` signs is asked for too, and nothing that the other rules refuse is let in. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { UntrustedReason } from "../../src/errors.ts";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import type { Manifest } from "../../src/manifest.ts";
import { alsoOpenPgp } from "../../src/openpgp/mod.ts";
import { systemRuntime } from "../../src/runtime/default.ts";
import { startFaultServer } from "../../src/testing/fault_server.ts";
import { signedBy, type TrustPolicy, unsigned } from "../../src/trust.ts";
import { failsWith } from "../support/fails_with.ts";
import { APP, manifestText, NOW, signManifest, testKey } from "../support/signed_release.ts";

const skip = spawnSync("gpg", ["--version"]).error ? "gpg is not installed" : false;
if (skip) console.log(`skipped: ${skip}`);

const publisher = await testKey(1);
const minisign = signedBy({ app: APP, keys: [publisher.publicKey.text] });

/** A publisher's keyring in a folder of its own, whose clock shows the day before {@link NOW}. */
class Keyring {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes a key, and gives its public part. */
  makeKey(name: string, { algorithm = "ed25519", expire = "0" } = {}): string {
    this.gpg(["--quick-generate-key", `${name}@example.com`, algorithm, "sign", expire]);
    return new TextDecoder().decode(this.gpg(["--armor", "--export", name]));
  }

  sign(name: string, text: string, more: string[] = []): Uint8Array {
    return this.gpg(["--armor", "--detach-sign", "--local-user", name, ...more], text);
  }

  gpg(args: string[], input = ""): Uint8Array {
    const quiet = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""];
    const clock = ["--faked-system-time", "20260114T000000!"];
    return execFileSync("gpg", ["--homedir", this.folder, ...quiet, ...clock, ...args], {
      input,
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] },
    });
  }
}

/** Lends out a keyring; its folder and its agent are gone afterwards. */
function keyringTest(title: string, body: (ring: Keyring) => Promise<void>): void {
  test(title, { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "gpg-"));
    try {
      await body(new Keyring(folder));
    } finally {
      execFileSync("gpgconf", ["--homedir", folder, "--kill", "all"]);
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Fetches a manifest as a client does, which has a good minisign signature and perhaps another one. */
async function fetched(
  ring: Keyring,
  asc: Uint8Array | string | undefined,
  policy: TrustPolicy,
): Promise<Manifest> {
  const text = manifestText();
  const { signature } = await signManifest(text, [publisher]);
  const server = await startFaultServer({ files: { "/m.json": text } });
  try {
    server.serve("/m.json.minisig", signature!);
    if (asc !== undefined) server.serve("/m.json.asc", asc);
    const stateDirectory = await mkdtemp(join(ring.folder, "state-"));
    const runtime = { ...systemRuntime(), now: () => NOW };
    return await fetchManifest(`${server.url}/m.json`, { app: APP, trust: policy, runtime, stateDirectory });
  } finally {
    await server.close();
  }
}

for (const algorithm of ["ed25519", "rsa3072"]) {
  keyringTest(
    `a manifest that minisign and a ${algorithm} key of gpg have signed is accepted`,
    async (ring) => {
      const policy = alsoOpenPgp(minisign, {
        keys: [ring.makeKey("other"), ring.makeKey("one", { algorithm })],
      });
      const { trust } = await fetched(ring, ring.sign("one", manifestText()), policy);
      assert.deepEqual(trust, { signed: true, keyIds: [publisher.publicKey.id] });
    },
  );
}

keyringTest("of several OpenPGP signatures one by a known key is enough", async (ring) => {
  ring.makeKey("thief");
  const policy = alsoOpenPgp(minisign, { keys: [ring.makeKey("one")] });
  const both = ring.sign("thief", manifestText(), ["--local-user", "one"]);
  assert.equal((await fetched(ring, both, policy)).trust.signed, true);
});

type Forge = (ring: Keyring) => Uint8Array | string | undefined;
const signed = (...more: string[]): Forge => (ring) => ring.sign("one", manifestText(), more);
const refused: [what: string, forge: Forge, reason: UntrustedReason, expire?: string][] = [
  ["no OpenPGP signature", () => undefined, "unsigned"],
  ["something else in its place", () => "trust me\n", "malformed-signature"],
  ["bytes in its place that are no text", () => Uint8Array.of(0xff, 0xfe, 0), "malformed-signature"],
  ["the signature of another key", (ring) => {
    ring.makeKey("thief");
    return ring.sign("thief", manifestText());
  }, "unknown-key"],
  ["the signature of another text", (ring) => ring.sign("one", `${manifestText()} `), "bad-signature"],
  ["a signature that has expired", signed("--default-sig-expire", "seconds=60"), "bad-signature"],
  ["a signature of next year", signed("--faked-system-time", "20270114T000000!"), "bad-signature"],
  ["a signature from the time of a key that has expired", signed(), "bad-signature", "seconds=3600"],
];

for (const [what, forge, reason, expire = "0"] of refused) {
  keyringTest(`a manifest with a good minisign signature and ${what} is refused`, async (ring) => {
    const policy = alsoOpenPgp(minisign, { keys: [ring.makeKey("one", { expire })] });
    await failsWith(fetched(ring, forge(ring), policy), "UNTRUSTED", { reason });
  });
}

keyringTest("an OpenPGP signature does not make up for what the other rules ask for", async (ring) => {
  const keys = [ring.makeKey("one")];
  const asc = ring.sign("one", manifestText());
  const strangers = signedBy({ app: APP, keys: [(await testKey(2)).publicKey.text] });
  await failsWith(fetched(ring, asc, alsoOpenPgp(strangers, { keys })), "UNTRUSTED", {
    reason: "unknown-key",
  });
  const later = signedBy({ app: APP, keys: [publisher.publicKey.text], minimumSequence: 6 });
  await failsWith(fetched(ring, asc, alsoOpenPgp(later, { keys })), "UNTRUSTED", { reason: "replayed" });
  const { trust } = await fetched(ring, asc, alsoOpenPgp(unsigned({ app: APP }), { keys }));
  assert.deepEqual(trust, { signed: false, keyIds: [] });
});

keyringTest("checksums of a release without a manifest need their OpenPGP signature too", async (ring) => {
  const text = `${"0".repeat(64)}  app.tar.gz\n`;
  const verdict = { signed: true, keyIds: [] };
  const inner: TrustPolicy = {
    ...minisign,
    verifyFile: () => Promise.resolve({ verdict, state: undefined }),
  };
  const { verifyFile } = alsoOpenPgp(inner, { keys: [ring.makeKey("one")] });
  const bytes = new TextEncoder().encode(text);
  const file = { bytes, signature: undefined, source: "here", name: "checksums.sha256" };
  const context = { now: NOW, state: undefined, fetchRoot: () => Promise.resolve(undefined) };
  const asc = new Uint8Array(ring.sign("one", text));
  const outcome = await verifyFile(file, { ...context, fetchSignature: () => Promise.resolve(asc) });
  assert.equal(outcome.verdict, verdict);
  await failsWith(verifyFile(file, context), "UNTRUSTED", { reason: "unsigned" });
});

keyringTest("gpg itself verifies what the policy accepts, and refuses it after a change", async (ring) => {
  const policy = alsoOpenPgp(minisign, { keys: [ring.makeKey("one")] });
  const asc = ring.sign("one", manifestText());
  await fetched(ring, asc, policy);
  const [file, signature] = [join(ring.folder, "manifest"), join(ring.folder, "manifest.asc")];
  await writeFile(file, manifestText());
  await writeFile(signature, asc);
  ring.gpg(["--verify", signature, file]);
  await writeFile(file, manifestText({ sequence: 6 }));
  assert.throws(() => ring.gpg(["--verify", signature, file]));
});

keyringTest("a key that cannot be read refuses everything", async (ring) => {
  ring.makeKey("one");
  const broken = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnonsense\n-----END PGP PUBLIC KEY BLOCK-----\n";
  const policy = alsoOpenPgp(minisign, { keys: [broken] });
  await assert.rejects(fetched(ring, ring.sign("one", manifestText()), policy), TypeError);
});

const unusable: [what: string, keys: string[]][] = [
  ["no key", []],
  ["a key that is not armored", ["RWQf6"]],
  ["one key of two that is not armored", ["-----BEGIN PGP PUBLIC KEY BLOCK-----", "RWQf6"]],
];
for (const [what, keys] of unusable) {
  test(`alsoOpenPgp() with ${what} is the caller's mistake`, () => {
    assert.throws(() => alsoOpenPgp(minisign, { keys }), TypeError);
  });
}
