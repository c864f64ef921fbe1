/**
 * `cco version`: what this is, and what the last check found. It never asks the network.
 *
 * @module
 */

import { type Finding, readState } from "../config/state.ts";
import type { Invocation } from "./invocation.ts";
import { formatTime, isoTime } from "./times.ts";

/**
 * Shows the version, the build, the runtime, and what is remembered of the last check.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function version(invocation: Invocation): Promise<number> {
  const { output, world: { build, runtime } } = invocation;
  const { state: { lastCheck, found } } = await readState(runtime, (await invocation.paths()).stateDirectory);
  const platform = platformOf(runtime);
  output.line(`CCO version ${build.version}`);
  output.line(`Build: ${build.kind}`);
  output.line(`Runtime: ${runtime.name} (${platform})`);
  if (build.allowUnsigned) output.line("Signatures: this build also installs unsigned releases");
  output.line(`Last check: ${formatTime(lastCheck)}`);
  if (found !== undefined) output.line(`Latest version: ${found.latest} (${found.channel})`);
  const newer = newerVersion(found, build.version);
  if (newer !== undefined) output.line(`ℹ️  New version available: v${newer}`);
  output.document({
    version: build.version,
    build: build.kind,
    runtime: runtime.name,
    platform,
    allowsUnsigned: build.allowUnsigned,
    lastCheck: isoTime(lastCheck),
    latest: found === undefined ? null : { version: found.latest, channel: found.channel },
    available: newer ?? null,
  });
  return 0;
}

/**
 * The version that the last check offered, if it still is news.
 *
 * @param found What the last check found.
 * @param current The running version.
 * @returns The version, or `undefined` when there is none or another version was installed since.
 */
export function newerVersion(found: Finding | undefined, current: string): string | undefined {
  return found?.current === current ? found.offered : undefined;
}

/** The platform's name in a manifest. Apple's own word for its processors is part of it. */
function platformOf({ os, arch, libc }: { os: string; arch: string; libc: string | undefined }): string {
  const processor = os === "darwin" && arch === "aarch64" ? "arm64" : arch;
  return `${os}-${processor}${libc === "musl" ? "-musl" : ""}`;
}
