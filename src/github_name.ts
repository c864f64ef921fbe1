/**
 * What the name of a release's file tells: platform, packing, version.
 *
 * @module
 */

import { canonicalTarget } from "./target.ts";

const SYSTEMS = /(?<![a-z])(linux|darwin|macos|windows|win32|android|freebsd|ios)(?![a-z])/gi;
const PROCESSORS =
  /(?<![a-z0-9])(x86_64|x64|amd64|aarch64|arm64|i[3-6]86|x86|armv\d\w*|arm|riscv64\w*|universal)(?![a-z0-9])/gi;

/** Which platform a file is for, out of its name; archives and bare executables only. */
export function targetOf(name: string, version: string): string | undefined {
  const rest = name.replace(version, "");
  if (preferenceOf(rest) === 0) return undefined;
  const systems = new Set([...rest.matchAll(SYSTEMS)].map(([word]) => word.toLowerCase()));
  const processors = new Set([...rest.matchAll(PROCESSORS)].map(([word]) => word.toLowerCase()));
  if (systems.size !== 1 || processors.size !== 1) return undefined;
  const [[system], [processor]] = [[...systems], [...processors]];
  const spelled = `${processor}-${system}${/(?<![a-z])musl/i.test(rest) ? "-musl" : ""}`;
  const target = canonicalTarget(spelled);
  return target === spelled ? undefined : target;
}

/** How the executable is packed; the API's own addresses do not end in the file's name. */
export function packingOf(name: string): string {
  if (/\.(tar\.gz|tgz)$/i.test(name)) return "tar.gz";
  return /\.(zip|gz|br)$/i.exec(name)?.[1]?.toLowerCase() ?? "raw";
}

/** 0 for what is no executable: signatures, packages of other tools, texts. */
export function preferenceOf(name: string): number {
  if (/\.(tar\.gz|tgz)$/i.test(name)) return 5;
  const [, extension] = /\.([a-z][a-z0-9]*)$/i.exec(name) ?? [];
  return extension === undefined ? 1 : ["exe", "br", "gz", "zip"].indexOf(extension.toLowerCase()) + 1;
}

/** Whether a file's name has the version as a word of its own: `1.2.0` is not in `app-11.2.0`. */
export function carriesVersion(name: string, version: string): boolean {
  const index = name.indexOf(version);
  const before = name[index - 1] ?? "-";
  const after = name.slice(index + version.length);
  return index >= 0 && /[^\w.]|v|_/.test(before) && !/^(\d|\.\d|[-+]\w*\d*\.\d)/.test(after);
}
