/**
 * Installations that a package manager owns: replacing their files would be undone or would break its records (T26).
 *
 * @module
 */

import { UpdateError } from "./errors.ts";

/** A package manager, how its files are recognised, and how it is told to update one. */
interface PackageManager {
  readonly name: string;
  /** Matches the resolved path of an executable; the first group is the package's name. */
  readonly path: RegExp;
  /** The command that updates a package. */
  readonly command: (name: string) => string;
}

/** The first that matches counts. Both separators are written as `/`. */
const PACKAGE_MANAGERS: readonly PackageManager[] = [
  {
    name: "Homebrew",
    path: /\/(?:Cellar|Caskroom)\/([^/]+)\//,
    command: (name) => `brew upgrade ${name}`,
  },
  {
    name: "Nix",
    path: /^\/nix\/store\/[0-9a-z]+-([^/]+?)-\d/,
    command: (name) => `nix profile upgrade ${name}`,
  },
  { name: "Guix", path: /^\/gnu\/store\/[0-9a-z]+-([^/]+?)-\d/, command: (name) => `guix upgrade ${name}` },
  // Fedora and Arch have a link at `/snap`.
  {
    name: "Snap",
    path: /^(?:\/var\/lib\/snapd)?\/snap\/([^/]+)\//,
    command: (name) => `sudo snap refresh ${name}`,
  },
  { name: "Flatpak", path: /\/flatpak\/app\/([^/]+)\//, command: (name) => `flatpak update ${name}` },
  { name: "Scoop", path: /\/scoop\/apps\/([^/]+)\//i, command: (name) => `scoop update ${name}` },
  {
    name: "WinGet",
    path: /\/WinGet\/Packages\/([^/_]+)/i,
    command: (name) => `winget upgrade --id ${name}`,
  },
  { name: "Chocolatey", path: /\/chocolatey\/lib\/([^/]+)\//i, command: (name) => `choco upgrade ${name}` },
  {
    name: "pnpm",
    path: /\/\.pnpm\/((?:@[^/+]+\+)?[^/@]+)@/,
    command: (name) => `pnpm update --global ${name}`,
  },
  {
    name: "npm",
    path: /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//,
    command: (name) => `npm install --global ${name}@latest`,
  },
  {
    // All of `/usr` but `/usr/local` is the distributor's (FHS 3.0, section 4.9).
    name: "the system's package manager",
    path: /^\/(?:usr\/)?(?:s?bin|games|share|lib(?:exec|32|64)?)\/([^/]+)/,
    command: (name) => `sudo apt-get install --only-upgrade ${name} (or your system's counterpart)`,
  },
];

/**
 * Refuses an installation that a package manager owns, with the command that updates it.
 *
 * @param executable Path of the executable, links resolved.
 * @throws {UpdateError} `MANAGED_INSTALL`.
 */
export function refuseManagedInstallation(executable: string): void {
  const path = executable.replaceAll("\\", "/");
  for (const manager of PACKAGE_MANAGERS) {
    const match = manager.path.exec(path);
    if (match === null) continue;
    const command = manager.command(match[1]!);
    throw new UpdateError(
      "MANAGED_INSTALL",
      `Failed to install new binary: ${executable} belongs to ${manager.name}; update it with: ${command}`,
      { path: executable, manager: manager.name, command },
    );
  }
}
