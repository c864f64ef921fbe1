/**
 * The package as a program that depends on it sees it: by its name only. On Deno that is this project; `deno task
 * test:runtimes` also runs this file against the npm package, in a folder where nothing else of the project is.
 */

import { test } from "node:test";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  checkForUpdate,
  compareVersions,
  isUpdateError,
  rollback,
  selfUpdate,
  systemRuntime,
  targetName,
} from "@cco/updater";

const OLD = "#!/bin/sh\necho app 1.4.0\n";
const NEW = "#!/bin/sh\necho app 1.5.0\n";
const isWindows = systemRuntime().os === "windows";

test("checkForUpdate() finds the newer version of a manifest on a web server", async () => {
  await serving({ "/manifest.json": manifest({}) }, async (url) => {
    const update = await checkForUpdate(`${url}/manifest.json`, { currentVersion: "1.4.0" });
    assert.equal(update?.version, "1.5.0");
  });
});

test("checkForUpdate() answers undefined when there is nothing newer", async () => {
  await serving({ "/manifest.json": manifest({}) }, async (url) => {
    assert.equal(await checkForUpdate(`${url}/manifest.json`, { currentVersion: "1.5.0" }), undefined);
  });
});

test("checkForUpdate() says which field of a manifest is wrong", async () => {
  await serving({ "/manifest.json": `{"latest":{"stable":"1.5"},"versions":{}}` }, async (url) => {
    await assert.rejects(checkForUpdate(`${url}/manifest.json`, { currentVersion: "1.4.0" }), (error) => {
      assert.ok(isUpdateError(error) && error.code === "MANIFEST_INVALID");
      assert.match(error.details.path, /latest/);
      return true;
    });
  });
});

test(
  "selfUpdate() replaces an executable and rollback() brings the old one back",
  { skip: isWindows ? "the executables are shell scripts" : false },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "package-"));
    const executable = join(folder, "app");
    const archive = gzipSync(NEW);
    const sha256 = createHash("sha256").update(archive).digest("hex");
    const files = { "/app.gz": archive, "/manifest.json": manifest({ sha256, size: archive.length }) };
    const options = { executable, app: "app", stateDirectory: join(folder, "state"), allowUnsigned: true };
    try {
      await writeFile(executable, OLD, { mode: 0o755 });
      await serving(files, async (url) => {
        const source = `${url}/manifest.json`;
        const { outcome } = await selfUpdate({ ...options, source, currentVersion: "1.4.0" });
        assert.equal(outcome, "updated");
      });
      assert.equal(await readFile(executable, "utf8"), NEW);
      assert.equal(await readFile(`${executable}.backup`, "utf8"), OLD);

      await rollback(options);
      assert.equal(await readFile(executable, "utf8"), OLD);
      assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith(".")), []);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

test("compareVersions() orders calendar versions", () => {
  assert.ok(compareVersions("2025.11.2", "2025.9.10") > 0);
});

test(
  "require() loads the package too",
  { skip: "Deno" in globalThis ? "require() does not read deno.json" : false },
  () => {
    const loaded: { compareVersions: unknown } = createRequire(import.meta.url)("@cco/updater");
    assert.equal(loaded.compareVersions, compareVersions);
  },
);

function manifest(asset: Record<string, unknown>): string {
  const platforms = {
    [targetName(systemRuntime())]: { url: "./app.gz", sha256: "0".repeat(64), size: 1, ...asset },
  };
  return JSON.stringify({ app: "app", latest: { stable: "1.5.0" }, versions: { "1.5.0": { platforms } } });
}

async function serving(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(({ url = "" }, response) => {
    response.statusCode = url in files ? 200 : 404;
    response.end(files[url]);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}
