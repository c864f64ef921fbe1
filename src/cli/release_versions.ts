/**
 * `cco release add`, `promote`, `yank` and `refresh`: one change of the manifest each.
 *
 * @module
 */

import type { Publication } from "../publish/mod.ts";
import type { Invocation } from "./invocation.ts";
import { absolutePath, releaseFolder, requiredFlag, textFlag } from "./release_options.ts";
import { publishing, publishOptions } from "./release_publishing.ts";
import { sayPublished } from "./release_result.ts";

/**
 * Adds a version: digests its files and writes them into the manifest. No channel points at it yet.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseAdd(invocation: Invocation): Promise<number> {
  const from = await absolutePath(invocation, requiredFlag(invocation, "from"));
  const folder = await releaseFolder(invocation);
  return await change(invocation, async (publish) =>
    await publish.add(folder, {
      ...await publishOptions(invocation, publish),
      version: invocation.parsed.values[0]!,
      from,
      url: invocation.flag("url"),
      notes: await textFlag(invocation, "notes-file"),
      notesUrl: invocation.flag("notes-url"),
      minimumVersion: invocation.flag("minimum-version"),
      critical: invocation.has("critical"),
      signal: invocation.world.terminal.signal,
    }));
}

/**
 * Points a channel at a version.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releasePromote(invocation: Invocation): Promise<number> {
  const channel = requiredFlag(invocation, "channel");
  const folder = await releaseFolder(invocation);
  return await change(invocation, async (publish) =>
    await publish.promote(folder, {
      ...await publishOptions(invocation, publish),
      version: invocation.parsed.values[0]!,
      channel,
      allowDowngrade: invocation.has("allow-downgrade"),
    }));
}

/**
 * Withdraws a version.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseYank(invocation: Invocation): Promise<number> {
  const reason = requiredFlag(invocation, "reason");
  const folder = await releaseFolder(invocation);
  return await change(invocation, async (publish) =>
    await publish.yank(folder, {
      ...await publishOptions(invocation, publish),
      version: invocation.parsed.values[0]!,
      reason,
    }));
}

/**
 * Gives the manifest a new expiry.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseRefresh(invocation: Invocation): Promise<number> {
  const folder = await releaseFolder(invocation);
  return await change(
    invocation,
    async (publish) => await publish.refresh(folder, await publishOptions(invocation, publish)),
  );
}

async function change(
  invocation: Invocation,
  work: (publish: typeof import("../publish/mod.ts")) => Promise<Publication>,
): Promise<number> {
  return sayPublished(invocation, await publishing(work));
}
