/**
 * `updates.auto_install`: the service installs what its checks find.
 *
 * @module
 */

import type { BackgroundCheckOptions, Progress, Update } from "../../mod.ts";
import { changeState } from "../config/state.ts";
import type { ServiceState } from "../service/health.ts";
import type { Log } from "../service/log.ts";
import { auditUpdate } from "./audit.ts";
import type { Invocation } from "./invocation.ts";
import { type Doing, updateFailure } from "./update_failure.ts";

/** What is installed, by whom, and who is told. */
export interface Installing {
  /** The update. */
  readonly update: Update;
  /** How it was found. */
  readonly options: BackgroundCheckOptions;
  /** What the service knows about itself. */
  readonly state: ServiceState;
  /** Where the steps are written. */
  readonly log: Log;
}

/** What each phase is called in the log. */
const WORDS: Readonly<Record<string, string>> = {
  downloading: "Downloading release...",
  verifying: "Verifying checksum...",
  installing: "Installing update...",
};

/**
 * Downloads, verifies and installs an update. The running process goes on with the old version.
 *
 * @param invocation The run.
 * @param installing What to install.
 * @returns SHA-256 digest of the new executable, which is in place; `undefined` when it failed its probe and the old one
 * is back.
 * @throws {Failure} When it fails otherwise; the installed version is unchanged then.
 */
export async function autoInstall(
  invocation: Invocation,
  installing: Installing,
): Promise<string | undefined> {
  const { update, state, log } = installing;
  const library = await import("../../mod.ts");
  const said = new Set<string>();
  let received = 0;
  const onProgress = ({ phase, receivedBytes }: Progress): void => {
    if (phase === "downloading") received = Math.max(received, receivedBytes);
    const words = WORDS[phase];
    if (words === undefined || said.has(words)) return;
    said.add(words);
    log.info(words);
  };
  const options = { ...installing.options, onProgress };
  let doing: Doing = "download";
  let sha256: string;
  try {
    const staged = await library.downloadVerified(update, options);
    ({ sha256 } = staged);
    doing = "install";
    const { outcome, cause } = await library.atomicReplace(staged, options);
    state.installs[outcome]++;
    await auditUpdate(invocation, update, { result: outcome, error: cause });
    if (outcome === "rolled-back") {
      log.error(`New binary verification failed, rolling back: ${cause?.message ?? ""}`);
      return undefined;
    }
  } catch (error) {
    state.installs.failed++;
    await auditUpdate(invocation, update, { error });
    throw library.isUpdateError(error) ? updateFailure(error, doing) : error;
  } finally {
    state.downloadedBytes += received;
  }
  await remember(invocation, update);
  log.info(`Successfully updated to ${update.version}`);
  return sha256;
}

async function remember(invocation: Invocation, { version, latest, channel }: Update): Promise<void> {
  const { runtime } = invocation.world;
  const { stateDirectory } = await invocation.paths();
  const found = { latest, channel, current: version, offered: undefined };
  await changeState(runtime, stateDirectory, {
    lastUpdate: runtime.now(),
    ...(version === latest ? { found } : {}),
  });
}
