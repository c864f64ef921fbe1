/**
 * What a check spends on trust: one manifest of 64 KiB, and the digest it needs against loading `node:crypto` for it.
 *
 * @module
 */

import { blake2b } from "../src/blake2b.ts";
import { signedBy } from "../src/trust.ts";
import { APP, manifestText, NOW, signManifest, testKey } from "../tests/support/signed_release.ts";

const key = await testKey(1);
const text = manifestText();
const bytes = new Uint8Array(64 * 1024);
const manifests = {
  ED: await signManifest(text + " ".repeat(bytes.length - text.length), [key]),
  Ed: await signManifest(text + " ".repeat(bytes.length - text.length), [key], { prehashed: false }),
};
const policy = signedBy({ app: APP, keys: [key.publicKey.text] });
const context = { now: NOW, state: undefined, fetchRoot: () => Promise.resolve(undefined) };

for (const [name, manifest] of Object.entries(manifests)) {
  Deno.bench(`verify a manifest of 64 KiB, ${name}`, async () => {
    await policy.verify({ ...manifest, source: "bench" }, context);
  });
}

Deno.bench("BLAKE2b-512 of 64 KiB", () => void blake2b(bytes));

Deno.bench("start a program that does nothing", { group: "start", baseline: true }, () => start(""));
Deno.bench("start a program that loads node:crypto", { group: "start" }, () => start('import "node:crypto"'));

async function start(source: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["eval", source] }).output();
  if (!success) throw new Error("Cannot start Deno");
}
