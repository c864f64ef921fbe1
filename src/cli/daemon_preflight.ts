/**
 * What has to be right on this machine before a service is started, or a working one is stopped for it.
 *
 * @module
 */

import { type Runtime, writeDurably } from "../../machine.ts";
import type { Listening } from "../service/guard.ts";
import { isPortTaken } from "../service/port_taken.ts";
import { type ServicePlace, servicePlace } from "./daemon_place.ts";
import type { Invocation } from "./invocation.ts";
import { serviceFailure } from "./service_failure.ts";

/** Larger than what a new file may find room for in a folder's own block. */
const TRIAL_BYTES = 16 * 1024;

/**
 * Finds out what would keep a service from starting: flags, settings, the state folder, the port.
 *
 * @param invocation The run.
 * @param own Where the service listens that is to make way, if one runs: that port is free then.
 * @throws {Failure} Exit code 2 for flags, 1 for the state folder and the port.
 * @throws {ConfigError} When the settings cannot be used.
 */
export async function requireStartable(invocation: Invocation, own?: Listening): Promise<void> {
  const place = await servicePlace(invocation);
  try {
    await requireWritable(invocation.world.runtime, place);
    if (own?.port === place.port && own.host === place.host) return;
    if (await isPortTaken(place)) throw Object.assign(new Error("somebody listens"), { code: "EADDRINUSE" });
  } catch (error) {
    throw serviceFailure(error, place);
  }
}

/** A full disk lets a folder be made, but nothing be written. */
async function requireWritable(runtime: Runtime, { stateDirectory }: ServicePlace): Promise<void> {
  const { fs, os, pid } = runtime;
  const path = `${stateDirectory}${os === "windows" ? "\\" : "/"}.trial-${pid}`;
  await fs.makeDirectory(stateDirectory, 0o700);
  try {
    await writeDurably(runtime, path, new Uint8Array(TRIAL_BYTES), { mode: 0o600 });
  } finally {
    await fs.remove(path).catch(() => {});
  }
}
