/** The operating system's version, from files: starting `sw_vers` would cost a process. */

/**
 * macOS shows programs linked against old SDKs version 10.16 in the second file; the first, a link to it, is exempt.
 * The name is the system's own.
 */
const MAC_FILES = [
  "/System/Library/CoreServices/.SystemVersionPlatform.plist",
  "/System/Library/CoreServices/SystemVersion.plist",
];

/**
 * Returns the version that people and installers mean: `12.6` on macOS; the kernel's release elsewhere.
 *
 * @param os Operating system, as the library names it.
 * @param kernel The kernel's release, such as `21.6.0`.
 * @param readText Reads a text file; `undefined` when that fails.
 * @returns The version, or `undefined` where unknown.
 */
export async function systemVersion(
  os: string,
  kernel: string | undefined,
  readText: (path: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (os !== "darwin") return kernel;
  for (const file of MAC_FILES) {
    const text = await readText(file);
    const version = /<key>ProductVersion<\/key>\s*<string>([\d.]+)<\/string>/.exec(text ?? "")?.[1];
    if (version !== undefined) return version;
  }
  return versionOfDarwin(kernel);
}

/** Darwin 20 to 24 are macOS 11 to 15; from Darwin 25 on macOS is numbered one above the kernel. */
function versionOfDarwin(kernel: string | undefined): string | undefined {
  const major = Number(/^(\d+)\./.exec(kernel ?? "")?.[1] ?? NaN);
  if (!(major >= 20)) return undefined;
  return String(major >= 25 ? major + 1 : major - 9);
}
