/**
 * `cco update`: check, show what is new, ask, install.
 *
 * @module
 */

import type { Update } from "../../mod.ts";
import { check, type Found } from "./check.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { commandToInstall, updateMode, wantedVersion } from "./update_flags.ts";

/**
 * Updates `cco`, or does what a flag asks for instead.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function update(invocation: Invocation): Promise<number> {
  const mode = await updateMode(invocation);
  if (mode === "list-backups") {
    return await (await import("./list_backups.ts")).listBackupsCommand(invocation);
  }
  if (mode === "rollback") return await (await import("./rollback.ts")).rollbackCommand(invocation);
  if (mode === undefined) requireConsent(invocation);
  if (mode !== "check") await (await import("./recover_first.ts")).recoverFirst(invocation);
  const found = await check(invocation).catch(async (error: unknown) => {
    // Who was to install something and was sent a forgery wants to see that afterwards, too.
    if (mode === undefined) {
      const { audit } = await import("./audit.ts");
      await audit(invocation, { what: "update", from: invocation.world.build.version, error });
    }
    throw error;
  });
  if (found.update === undefined) return sayNone(invocation, found);
  sayWhy(invocation, found, found.update);
  if (mode === "check") return sayAvailable(invocation, found, found.update);
  const { offer } = await import("./offer.ts");
  return await offer(invocation, found, found.update, { isAsked: mode === undefined });
}

/** A question that nobody can answer would hang for ever. */
function requireConsent(invocation: Invocation): void {
  if (invocation.has("yes") || canAsk(invocation)) return;
  const why = invocation.output.options.json ? "with --json" : "without a terminal";
  throw new Failure(
    `Cannot ask for consent ${why}. Run '${commandToInstall(invocation)} --yes' to update, or ` +
      "'cco update --check' to look only",
    { exitCode: EXIT.usage, code: "USAGE" },
  );
}

function canAsk({ output, world: { terminal } }: Invocation): boolean {
  return !output.options.json && terminal.isTerminal("stdin") && terminal.isTerminal("stdout");
}

function sayNone(invocation: Invocation, { latest, wanted, channel, heldBack }: Found): number {
  const { output, world: { build } } = invocation;
  if (heldBack === undefined) {
    const isThere = wantedVersion(invocation) !== undefined && wanted !== latest;
    output.line(isThere ? `✅ v${wanted} is installed already` : "✅ You are running the latest version");
  } else {
    output.line(`ℹ️  Version v${wanted} is not offered to this machine: ${heldBack}`);
    output.step(
      `Run 'cco explain' for every rule, or 'cco update --version ${wanted}' to install it all the same`,
    );
  }
  const outcome = heldBack === undefined ? "up-to-date" : "held-back";
  output.document({
    outcome,
    current: build.version,
    latest,
    channel,
    update: null,
    reason: heldBack ?? null,
  });
  return EXIT.ok;
}

function sayAvailable(invocation: Invocation, found: Found, update: Update): number {
  const { output, world: { build } } = invocation;
  output.line(`ℹ️  New version available: v${update.version}`);
  output.step(`Run '${commandToInstall(invocation)}' to install`);
  const { latest, channel } = found;
  output.document({
    outcome: "available",
    current: build.version,
    latest,
    channel,
    update: { ...documentOf(update), withdrawn: found.withdrawn ?? null },
  });
  return EXIT.ok;
}

/** Why it is not simply the newest version. */
function sayWhy(
  { output }: Invocation,
  { withdrawn }: Found,
  { reason, version, latest, from }: Update,
): void {
  if (reason === "yanked") {
    // The publisher's words are a stranger's until somebody has read them: the output makes them safe (T30).
    const why = withdrawn?.trim() ? `: ${withdrawn.trim()}` : "";
    output.step(`⚠️  The installed version ${from} was withdrawn by its publisher${why}`);
  }
  if (reason === "stepping-stone") output.step(`ℹ️  The way to v${latest} leads through v${version}`);
}

/** The update as `--json` gives it. */
function documentOf({ version, target, reason, critical, notes, notesUrl, asset, trust }: Update): object {
  return {
    version,
    target,
    reason,
    critical,
    notes: notes ?? null,
    notesUrl: notesUrl ?? null,
    size: asset.size ?? null,
    signed: trust.signed,
  };
}
