/**
 * Tests that talk to a fault server, which is closed afterwards.
 *
 * @module
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  type FaultServer,
  type FaultServerOptions,
  startFaultServer,
} from "../../src/testing/fault_server.ts";

/** Starts one more server, closed with the first. */
export type StartAnother = (options: FaultServerOptions) => Promise<FaultServer>;

/**
 * Registers a test that gets a running server.
 *
 * @param title The test's title.
 * @param options What the server serves.
 * @param body The test.
 */
export function serverTest(
  title: string,
  options: FaultServerOptions,
  body: (server: FaultServer, startAnother: StartAnother) => Promise<void>,
): void {
  test(title, async () => {
    const servers: FaultServer[] = [];
    const start: StartAnother = async (more) => {
      const server = await startFaultServer(more);
      servers.push(server);
      return server;
    };
    try {
      await body(await start(options), start);
    } finally {
      for (const server of servers) await server.close();
    }
  });
}

/**
 * Gives a test an empty folder, removed afterwards.
 *
 * @param body The test; gets the folder's path.
 */
export async function inTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cco-wire-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
