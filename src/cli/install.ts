/**
 * The second half of `cco update`: download, verify, replace, each step with its line.
 *
 * @module
 */

import type { Progress, ReplaceResult, StagedUpdate, Update } from "../../mod.ts";
import { changeState } from "../config/state.ts";
import { auditUpdate } from "./audit.ts";
import type { Found } from "./check.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { ProgressBar } from "./progress_bar.ts";
import { type Doing, updateFailure } from "./update_failure.ts";

/**
 * Installs an update, or with `--dry-run` stops after its verification.
 *
 * @param invocation The run.
 * @param found What the check found.
 * @param update The update.
 * @returns The exit code.
 * @throws {Failure} When it fails; the installed version is then unchanged, or exit code 6 says that it is not.
 */
export async function install(invocation: Invocation, found: Found, update: Update): Promise<number> {
  const { runtime } = invocation.world;
  const library = await import("../../mod.ts");
  const lines = new Lines(invocation, update);
  const options = { ...found.options, onProgress: (progress: Progress) => lines.show(progress) };
  let doing: Doing = "download";
  try {
    const staged = await library.downloadVerified(update, options);
    lines.finish();
    if (invocation.has("dry-run")) return await stop(invocation, update, staged);
    doing = "install";
    const result = await library.atomicReplace(staged, options);
    await auditUpdate(invocation, update, { result: result.outcome, error: result.cause });
    if (result.outcome === "rolled-back") return sayRolledBack(invocation, result);
    const { stateDirectory } = await invocation.paths();
    await changeState(runtime, stateDirectory, {
      lastUpdate: runtime.now(),
      found: await found.after(update.version),
    });
    return sayUpdated(invocation, result);
  } catch (error) {
    if (!invocation.has("dry-run")) await auditUpdate(invocation, update, { error });
    throw library.isUpdateError(error) ? updateFailure(error, doing) : error;
  } finally {
    lines.finish();
  }
}

/** The lines of the steps, each once, in the contract's order and words. */
class Lines {
  readonly #invocation: Invocation;
  readonly #update: Update;
  readonly #bar: ProgressBar;
  readonly #said = new Set<string>();

  constructor(invocation: Invocation, update: Update) {
    this.#invocation = invocation;
    this.#update = update;
    this.#bar = new ProgressBar(invocation.output, invocation.world.runtime.now);
  }

  show(progress: Progress): void {
    const { phase } = progress;
    if (phase === "downloading") {
      this.#say(`→ Downloading CCO v${this.#update.version}...`);
      this.#bar.draw(progress);
      return;
    }
    this.finish();
    if (phase === "verifying") this.#sayVerifying();
    if (phase === "verified") this.#sayVerified();
    if (phase === "extracting") this.#sayExtracting();
    if (phase === "backing-up") this.#say("→ Backing up current version...");
    if (phase === "installing") this.#say("→ Installing update...");
  }

  /** Takes the bar away. */
  finish(): void {
    this.#bar.clear();
  }

  /** A download that was complete before had nothing to report. */
  #sayVerifying(): void {
    this.#say(`→ Downloading CCO v${this.#update.version}...`);
    this.#say("→ Verifying checksum...");
  }

  #sayVerified(): void {
    this.#say("  ✓ Checksum verified");
    if (!this.#update.trust.signed) return;
    this.#say("→ Verifying signature...");
    this.#say("  ✓ Signature verified");
  }

  #sayExtracting(): void {
    const { format } = this.#update.asset;
    if (format === "tar.gz" || format === "zip") this.#say("→ Extracting archive...");
  }

  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.#invocation.output.step(line);
  }
}

async function stop({ output }: Invocation, update: Update, staged: StagedUpdate): Promise<number> {
  const { executable } = staged;
  await staged.discard();
  output.line(`ℹ️  Would install v${update.version} over v${update.from}: ${executable}`);
  output.line(`ℹ️  Would keep v${update.from} as ${executable}.backup`);
  output.line("Nothing was changed");
  output.document({ outcome: "dry-run", from: update.from, to: update.version, executable });
  return EXIT.ok;
}

function sayUpdated(
  { output }: Invocation,
  { outcome, from, to, executable, backup }: ReplaceResult,
): number {
  output.line(`✅ Successfully updated to v${to}`);
  output.step();
  output.step("Restart CCO to use the new version.");
  output.document({ outcome, from, to, executable, backup });
  if (output.unwritten !== undefined) output.last(`ℹ️  Updated to v${to}`);
  return EXIT.ok;
}

function sayRolledBack({ output }: Invocation, result: ReplaceResult): number {
  output.line("⚠️  New binary verification failed, rolling back...");
  output.line("Update failed, rolled back to previous version");
  const message = result.cause?.message ?? "New binary verification failed";
  output.failure(message);
  const { outcome, from, to, executable } = result;
  const details = { outcome, from, to, executable };
  output.document({
    error: { code: result.cause?.code ?? "PROBE_FAILED", message, exitCode: EXIT.update, details },
  });
  return EXIT.update;
}
