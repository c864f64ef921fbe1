/**
 * Releases that the tests of the command-line contract need beside the usual ones.
 *
 * @module
 */

import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { packExecutable } from "../../../scripts/compile/archives.ts";
import { hostPlatform } from "../../../scripts/compile/platforms.ts";
import { publishManifest } from "../../../scripts/demo/release.ts";
import { RELEASE_KEY } from "./compiled_version.ts";
import { NEW, type Published } from "./published.ts";

/** Publishes a script as the newer version, with its true digests. */
export async function publishScript(
  t: TestContext,
  { server, manifest }: Published,
  command: string,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cco-script-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const [script, archive] = [join(folder, "cco"), join(folder, "archive.tar.gz")];
  await Deno.writeTextFile(script, `#!/bin/sh\n${command}\n`);
  await packExecutable(script, archive, "tar.gz");
  const facts = async (path: string) => ({
    sha256: await fileDigest(path),
    size: (await Deno.stat(path)).size,
  });
  manifest.versions[NEW]!.platforms[hostPlatform()] = {
    url: `${server.base}script.tar.gz`,
    ...await facts(archive),
    binary: { path: "cco", ...await facts(script) },
  };
  server.files.set("script.tar.gz", archive);
  await publishManifest(server, manifest, RELEASE_KEY);
}
