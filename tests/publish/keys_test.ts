import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { blake2b } from "../../src/blake2b.ts";
import { parsePublicKeyFile, secretKeyFile } from "../../src/minisign_key_file.ts";
import { keygen, readSecretKey, sign } from "../../src/publish/mod.ts";
import { signedBy } from "../../src/trust.ts";
import { withPublisher } from "../support/publisher.ts";
import { APP, NOW, testKey } from "../support/signed_release.ts";

/** Deno 2.7's scrypt makes at most 64 bytes, a protected key file needs 104. */
const scryptMissing = await lacksScrypt() ? "this runtime's scrypt makes at most 64 bytes" : false;
const hasModes = process.platform !== "win32";

test("keygen() writes a secret key for its owner only and a public one, and readSecretKey() reads it", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const path = join(await place("keys"), "release.key");
    const publicKey = await keygen(path, { runtime });
    if (hasModes) assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(parsePublicKeyFile(await readFile(`${path}.pub`, "utf8")), publicKey);
    const secret = await readSecretKey({ file: path }, { runtime });
    assert.deepEqual(secret.publicKey, publicKey);
    assert.deepEqual(await readSecretKey({ text: await readFile(path, "utf8") }), secret);
  });
});

test("keygen() never replaces a key, and a dry run writes nothing", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const folder = await place("keys");
    const path = join(folder, "release.key");
    await keygen(path, { runtime, dryRun: true });
    assert.deepEqual(await readdir(folder), []);
    await keygen(path, { runtime });
    const before = await readFile(path, "utf8");
    await assert.rejects(keygen(path, { runtime }), { name: "FileError", kind: "exists" });
    assert.equal(await readFile(path, "utf8"), before);
  });
});

test("T11: readSecretKey() refuses a key that others can read, also behind a link", {
  skip: hasModes ? false : "no modes",
}, async () => {
  await withPublisher(async ({ place, runtime }) => {
    const path = join(await place("keys"), "release.key");
    await keygen(path, { runtime });
    await symlink(path, `${path}.link`);
    for (const mode of [0o640, 0o604, 0o620, 0o644]) {
      await chmod(path, mode);
      for (const file of [path, `${path}.link`]) {
        await assert.rejects(readSecretKey({ file }, { runtime }), {
          name: "TypeError",
          message: /others can read it/,
        });
      }
    }
    await chmod(path, 0o400);
    assert.ok(await readSecretKey({ file: path }, { runtime }));
  });
});

test("readSecretKey() refuses a folder, another file, and one that is too large, without showing them", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const folder = await place("keys");
    const path = join(folder, "other");
    await assert.rejects(readSecretKey({ file: folder }, { runtime }), /it is no file/);
    for (const text of ["secret!", "secret!".repeat(1000)]) {
      await writeFile(path, text, { mode: 0o600 });
      await assert.rejects(readSecretKey({ file: path }, { runtime }), (error: Error) => {
        assert.ok(error instanceof TypeError);
        return !error.message.includes("secret!");
      });
    }
  });
});

test("readSecretKey() says that a file is not there", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const file = join(await place("keys"), "absent");
    await assert.rejects(readSecretKey({ file }, { runtime }), {
      name: "TypeError",
      message: `Cannot use the secret key ${file}: there is no such file`,
    });
  });
});

test("readSecretKey() asks for the password of a protected key only", { skip: scryptMissing }, async () => {
  const key = await testKey(5);
  const cost = { operations: 32_768, memory: 1_048_576 };
  const protection = { password: "horse", salt: new Uint8Array(32), cost };
  let asked = 0;
  const password = () => Promise.resolve(asked++ < 3 ? "horse" : undefined);
  assert.deepEqual(await readSecretKey({ text: await secretKeyFile(key) }, { password }), key);
  assert.equal(asked, 0);
  const text = await secretKeyFile(key, { protection });
  assert.deepEqual(await readSecretKey({ text }, { password }), key);
  assert.equal(asked, 1);
  asked = 3;
  await assert.rejects(readSecretKey({ text }, { password }), /no password was given/);
});

test("sign() signs a file for its name, by the digest that verification computes", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const path = join(await place("files"), "checksums.sha256");
    await writeFile(path, "x".repeat(3_000_000));
    const key = await testKey(5);
    const { trustedComment, signature } = await sign(path, { app: APP, key, runtime });
    assert.equal(trustedComment, `cco-file/1 ${APP} checksums.sha256`);
    const { parseSignatures, verifySignature } = await import("../../src/minisign.ts");
    const [block] = parseSignatures(await readFile(signature));
    assert.ok(block && await verifySignature(new Uint8Array(await readFile(path)), block, key.publicKey));
    assert.ok(!await verifySignature(blake2b(new Uint8Array()), block, key.publicKey));
  });
});

test("sign() adds a second signature, so that a client which asks for two is content", async () => {
  await withPublisher(async ({ place, runtime }) => {
    const path = join(await place("files"), "checksums.sha256");
    await writeFile(path, "digest  name\n");
    const [one, other] = [await testKey(5), await testKey(6)];
    await sign(path, { app: APP, key: one, runtime });
    await assert.rejects(sign(path, { app: APP, key: other, runtime }), /has a signature file already/);
    await sign(path, { app: APP, key: other, append: true, dryRun: true, runtime });
    await sign(path, { app: APP, key: other, append: true, runtime });
    const policy = signedBy({ app: APP, keys: [one.publicKey.text, other.publicKey.text], threshold: 2 });
    const file = {
      bytes: new Uint8Array(await readFile(path)),
      signature: new Uint8Array(await readFile(`${path}.minisig`)),
      name: "checksums.sha256",
      source: path,
    };
    const context = { now: NOW, state: undefined, fetchRoot: () => Promise.resolve(undefined) };
    const { verdict } = await policy.verifyFile(file, context);
    assert.deepEqual(verdict.keyIds, [other, one].map(({ publicKey }) => publicKey.id).reverse());
  });
});

test("sign() knows a manifest and a root, and refuses those of another program", async () => {
  await withPublisher(async ({ folder, runtime, key }) => {
    const signAs = (name: string, app: string) =>
      sign(join(folder, name), { app, key, append: true, dryRun: true, runtime }).then((made) =>
        made.trustedComment
      );
    assert.match(
      await signAs("version-manifest.json", APP),
      /^cco-manifest\/1 demo seq=1 expires=2026-04-15T12:00:00Z$/,
    );
    assert.equal(await signAs("1.root.json", APP), `cco-root/1 ${APP} 1`);
    for (const name of ["version-manifest.json", "1.root.json"]) {
      await assert.rejects(signAs(name, "other"), TypeError);
    }
  });
});

async function lacksScrypt(): Promise<boolean> {
  try {
    const cost = { operations: 32_768, memory: 1_048_576 };
    const protection = { password: "x", salt: new Uint8Array(32), cost };
    return await secretKeyFile(await testKey(1), { protection }) === "";
  } catch {
    return true;
  }
}
