/**
 * Tests with real servers, and the file that these serve.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inTemporaryFolder } from "../../support/server_test.ts";
import { missing, type Peer } from "./peers.ts";

/** The file that the servers serve. */
export const CONTENT = randomBytes(5_000_000);

/** Its digest. */
export const SHA256 = createHash("sha256").update(CONTENT).digest("hex");

/** Whom the proxy lets through. */
export const USER = "updater";

/** His password, which must not turn up anywhere. */
export const PASSWORD = "canary-password";

/** Registers a test with real servers, which are ended afterwards; it is skipped where one is not installed. */
export function peerTest(
  title: string,
  programs: string[],
  body: (folder: string, keep: <P extends Peer>(peer: Promise<P>) => Promise<P>) => Promise<void>,
): void {
  const skip = missing(...programs);
  if (skip) console.log(`skipped: ${title}: ${skip}`);
  test(title, { skip }, async () => {
    await inTemporaryFolder(async (folder) => {
      const peers: Peer[] = [];
      await mkdir(join(folder, "www", "private"), { recursive: true });
      await writeFile(join(folder, "www", "app"), CONTENT);
      await writeFile(join(folder, "www", "private", "app"), CONTENT);
      try {
        await body(folder, async (starting) => {
          const peer = await starting;
          peers.push(peer);
          return peer;
        });
      } finally {
        for (const peer of peers) await peer.stop();
      }
    });
  });
}
