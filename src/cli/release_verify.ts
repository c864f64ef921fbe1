/**
 * `cco release verify`: what a client would say of a release, of files and of an executable.
 *
 * @module
 */

import type { VerifiedFile } from "../publish/mod.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { absolutePath, isAddress, releasePlace, requiredFlag, textFlag, usage } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";
import { isoTime } from "./times.ts";
import { updaterOptions } from "./updater_options.ts";

/** T11: whoever controls the server can serve a root of their own, and everything that fits it. */
const ONLY_CONSISTENT =
  "⚠️  Only consistency was checked: the first root came from that server itself. Give the one that your clients " +
  "have built in: --root 1.root.json";

/** What a file is, when the manifest knows it. */
type Executable = { readonly version: string; readonly platform: string } | undefined;

/**
 * Verifies a release as a client does that has its first root compiled in, and what flags name against it.
 *
 * @param invocation The run.
 * @returns The exit code: 5 when a file is not what the manifest says.
 */
export async function releaseVerify(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const place = await releasePlace(invocation);
  const { runtime, githubToken, signal } = await updaterOptions(invocation);
  const { manifest, files, executable } = await publishing(async (publish) => {
    const options = { runtime, signal, githubToken, root: await textFlag(invocation, "root") };
    const manifest = await publish.verify(place, options);
    const [from, version] = await assetsOf(invocation);
    const files = from === undefined ? [] : await publish.verifyAssets(place, from, version, options);
    const path = invocation.flag("executable");
    const executable = path === undefined
      ? undefined
      : await publish.verifyExecutable(place, await absolutePath(invocation, path), options);
    return { manifest, files, executable };
  });
  const { keyIds, root, sequence, expires } = manifest;
  output.line(`✅ Signature verified: by ${keyIds.join(", ")}, root ${root}, sequence ${sequence}`);
  output.line(`→ Expires: ${isoTime(expires) ?? "never"}`);
  if (!invocation.has("root") && isAddress(place)) output.line(ONLY_CONSISTENT);
  for (const file of files) sayFile(invocation, file);
  if (invocation.has("executable")) sayExecutable(invocation, executable);
  const isGood = files.every(({ verdict }) => verdict === "good") &&
    (executable !== undefined || !invocation.has("executable"));
  if (!isGood) output.failure("Checksum verification failed: something is not what the manifest says");
  output.document({
    good: isGood,
    consistencyOnly: !invocation.has("root"),
    keyIds,
    root,
    sequence: sequence ?? null,
    expires: isoTime(expires),
    files,
    executable: executable ?? null,
  });
  return isGood ? EXIT.ok : EXIT.update;
}

async function assetsOf(invocation: Invocation): Promise<[from: string | undefined, version: string]> {
  const from = invocation.flag("assets");
  if (from !== undefined) return [await absolutePath(invocation, from), requiredFlag(invocation, "version")];
  if (invocation.has("version")) throw usage("--version needs --assets");
  return [undefined, ""];
}

function sayFile({ output }: Invocation, { name, verdict }: VerifiedFile): void {
  output.line(verdict === "good" ? `  ✓ ${name}` : `❌ ${name}: ${verdict}`);
}

function sayExecutable({ output }: Invocation, executable: Executable): void {
  output.line(
    executable === undefined
      ? "❌ The manifest does not have this executable"
      : `  ✓ The executable is ${executable.version} for ${executable.platform}`,
  );
}
