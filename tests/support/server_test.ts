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

/** Holds the servers back where they pause, until what they wait for has happened. */
export interface Gate {
  /** Tells whether it has; without it they pause in real time. */
  isOpen?: () => boolean;
}

/**
 * Registers a test that gets a running server, a way to start more, and the gate at which they pause.
 *
 * @param title The test's title.
 * @param options What the server serves.
 * @param body The test.
 */
export function serverTest(
  title: string,
  options: FaultServerOptions,
  body: (server: FaultServer, startAnother: StartAnother, gate: Gate) => Promise<void>,
): void {
  test(title, async () => {
    const servers: FaultServer[] = [];
    const gate: Gate = {};
    const wait = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
      const isOpen = gate.isOpen ?? (() => milliseconds-- <= 0);
      while (!signal.aborted && !isOpen()) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    const start: StartAnother = async (more) => {
      const server = await startFaultServer({ wait, ...more });
      servers.push(server);
      return server;
    };
    try {
      await body(await start(options), start, gate);
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
