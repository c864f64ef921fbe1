import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileDigest } from "../../scripts/build_cache.ts";
import { npmFile, type PinnedFile } from "../../scripts/npm_package.ts";

const LICENCE: PinnedFile = {
  name: "fflate",
  version: "0.8.3",
  file: "LICENSE",
  sha256: "0a1df3a083d0c010560aa342e87959c8c1070e6fd54545741f083f22d0c8b551",
};

test("npmFile() gives a file of a published package whose digest is the pinned one", async () => {
  assert.equal(await fileDigest(await npmFile(LICENCE)), LICENCE.sha256);
});

test("npmFile() refuses a file whose digest is another", async () => {
  const other = { ...LICENCE, sha256: "0".repeat(64) };
  await assert.rejects(
    npmFile(other),
    /^Error: Cannot use LICENSE of fflate@0\.8\.3: its SHA-256 digest is .+, not 0{64}\./,
  );
});

test("npmFile() serves several processes that begin with an empty cache", async (t) => {
  const cache = await Deno.makeTempDir({ prefix: "cco-npm-" });
  t.after(() => Deno.remove(cache, { recursive: true }));
  const module = fileURLToPath(new URL("../../scripts/npm_package.ts", import.meta.url));
  const code = `import { npmFile } from ${JSON.stringify(`file://${module}`)}; await npmFile(${
    JSON.stringify(LICENCE)
  });`;
  const results = await Promise.all(Array.from({ length: 3 }, () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", code],
      env: { DENO_DIR: cache },
    });
    return command.output();
  }));
  for (const { success, stderr } of results) assert(success, new TextDecoder().decode(stderr));
});
