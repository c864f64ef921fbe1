import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ascii, concatenate } from "../src/bytes.ts";
import { globalMessage, parseSignatures, verifySignature } from "../src/minisign.ts";
import {
  parsePublicKeyFile,
  parseSecretKeyFile,
  publicKeyFile,
  secretKeyFile,
} from "../src/minisign_key_file.ts";
import { signMessage } from "../src/minisign_secret.ts";
import { CHEAP, scryptMissing } from "./support/cheap_scrypt.ts";
import { PKCS8, signingArguments, SPKI, verifyingArguments } from "./support/openssl.ts";
import { testKey } from "./support/signed_release.ts";
import { skipped } from "./support/skipped.ts";

const COMMENT = "cco-manifest/1 démo seq=5 — ✓";
const message = new TextEncoder().encode("line\n\0binary\xff\n");

const minisignMissing = missing("minisign", ["-v"]);
const opensslMissing = missing("openssl", ["version"]);

for (const prehashed of [true, false]) {
  const name = prehashed ? "ED" : "Ed";

  test(`minisign verifies an ${name} signature of signMessage()`, skipped(minisignMissing), async () => {
    await inFolder(async (folder) => {
      const key = await testKey(3);
      await writeFile(join(folder, "message"), message);
      await writeFile(join(folder, "key.pub"), publicKeyFile(key.publicKey));
      const block = await signMessage(message, key, { trustedComment: COMMENT, prehashed });
      await writeFile(join(folder, "message.minisig"), block);
      assert.equal(
        await run(folder, "minisign", ["-V", "-Q", "-p", "key.pub", "-m", "message"]),
        `${COMMENT}\n`,
      );
      // Its first block is what minisign reads of a file with several.
      await writeFile(join(folder, "message.minisig"), block + block);
      await run(folder, "minisign", ["-V", "-q", "-P", key.publicKey.text, "-m", "message"]);
      await writeFile(join(folder, "message"), concatenate(message, ascii("x")));
      await assert.rejects(run(folder, "minisign", ["-V", "-q", "-p", "key.pub", "-m", "message"]));
    });
  });

  test(
    `verifySignature() accepts an ${name} signature made by minisign`,
    skipped(minisignMissing),
    async () => {
      await inFolder(async (folder) => {
        await writeFile(join(folder, "message"), message);
        await run(folder, "minisign", ["-G", "-W", "-p", "key.pub", "-s", "key"]);
        const legacy = prehashed ? [] : ["-l"];
        await run(folder, "minisign", [
          "-S",
          ...legacy,
          "-s",
          "key",
          "-m",
          "message",
          "-t",
          COMMENT,
          "-c",
          "ünsigned",
        ]);
        const key = parsePublicKeyFile(await readFile(join(folder, "key.pub"), "utf8"));
        const [signature] = parseSignatures(await readFile(join(folder, "message.minisig")));
        assert.ok(signature);
        assert.deepEqual([signature.prehashed, signature.keyId], [prehashed, key.id]);
        assert.equal(signature.trustedComment, COMMENT);
        assert.ok(await verifySignature(message, signature, key));
        assert.ok(!await verifySignature(concatenate(message, ascii("x")), signature, key));
      });
    },
  );
}

test("minisign signs with a plain key of secretKeyFile()", skipped(minisignMissing), async () => {
  await inFolder(async (folder) => {
    const key = await testKey(4);
    await writeFile(join(folder, "message"), message);
    await writeFile(join(folder, "key"), await secretKeyFile(key));
    await run(folder, "minisign", ["-S", "-W", "-s", "key", "-m", "message", "-t", COMMENT]);
    const [signature] = parseSignatures(await readFile(join(folder, "message.minisig")));
    assert.ok(signature && await verifySignature(message, signature, key.publicKey));
  });
});

test(
  "minisign signs with a password-protected key of secretKeyFile()",
  skipped(minisignMissing || scryptMissing),
  async () => {
    await inFolder(async (folder) => {
      const key = await testKey(4);
      await writeFile(join(folder, "message"), message);
      const protection = { password: "pässword", salt: new Uint8Array(32).fill(9), cost: CHEAP };
      await writeFile(join(folder, "key"), await secretKeyFile(key, { protection }));
      await run(folder, "minisign", ["-S", "-s", "key", "-m", "message", "-t", COMMENT], "pässword\n");
      const [signature] = parseSignatures(await readFile(join(folder, "message.minisig")));
      assert.ok(signature && await verifySignature(message, signature, key.publicKey));
    });
  },
);

test("parseSecretKeyFile() reads a plain key made by minisign", skipped(minisignMissing), async () => {
  await inFolder(async (folder) => {
    await run(folder, "minisign", ["-G", "-W", "-p", "key.pub", "-s", "key"]);
    const secret = await parseSecretKeyFile(await readFile(join(folder, "key"), "utf8"));
    assert.deepEqual(secret.publicKey, parsePublicKeyFile(await readFile(join(folder, "key.pub"), "utf8")));
  });
});

test(
  "parseSecretKeyFile() reads a password-protected key made by minisign",
  skipped(minisignMissing || scryptMissing),
  async () => {
    await inFolder(async (folder) => {
      await run(folder, "minisign", ["-G", "-p", "key.pub", "-s", "key"], "pass\npass\n");
      const secret = await parseSecretKeyFile(await readFile(join(folder, "key"), "utf8"), {
        password: "pass",
      });
      assert.deepEqual(secret.publicKey, parsePublicKeyFile(await readFile(join(folder, "key.pub"), "utf8")));
    });
  },
);

test("openssl verifies both parts of an Ed signature of signMessage()", skipped(opensslMissing), async () => {
  await inFolder(async (folder) => {
    const key = await testKey(5);
    const block = await signMessage(message, key, { trustedComment: COMMENT, prehashed: false });
    const [signature] = parseSignatures(new TextEncoder().encode(block));
    assert.ok(signature);
    await writeFile(join(folder, "key.der"), concatenate(SPKI, key.publicKey.bytes));
    const verify = async (bytes: Uint8Array, signed: Uint8Array) => {
      await writeFile(join(folder, "message"), bytes);
      await writeFile(join(folder, "signature"), signed);
      return await run(folder, "openssl", verifyingArguments("message", "key.der"));
    };
    assert.match(await verify(message, signature.bytes), /Verified Successfully/);
    assert.match(await verify(globalMessage(signature), signature.globalBytes), /Verified Successfully/);
    await assert.rejects(verify(concatenate(message, ascii("x")), signature.bytes));
  });
});

test(
  "verifySignature() accepts an Ed signature put together from openssl's",
  skipped(opensslMissing),
  async () => {
    await inFolder(async (folder) => {
      const key = await testKey(6);
      await writeFile(join(folder, "key.der"), concatenate(PKCS8, key.seed));
      const sign = async (bytes: Uint8Array) => {
        await writeFile(join(folder, "message"), bytes);
        await run(folder, "openssl", signingArguments("message", "key.der"));
        return new Uint8Array(await readFile(join(folder, "signature")));
      };
      const bytes = await sign(message);
      const globalBytes = await sign(globalMessage({ bytes, trustedComment: COMMENT }));
      const { id: keyId } = key.publicKey;
      const signature = { prehashed: false, keyId, bytes, trustedComment: COMMENT, globalBytes };
      assert.ok(await verifySignature(message, signature, key.publicKey));
    });
  },
);

function missing(command: string, args: string[]): string {
  return spawnSync(command, args).error ? `${command} is not installed` : "";
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "minisign-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(cwd: string, command: string, args: string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} failed: ${stderr || stdout}`, { cause: error }));
      else resolve(stdout);
    });
    // A child that reads nothing may be gone before anything is written.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
