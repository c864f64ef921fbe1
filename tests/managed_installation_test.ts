import assert from "node:assert/strict";
import { test } from "node:test";
import { isUpdateError } from "../src/errors.ts";
import { refuseManagedInstallation } from "../src/managed_installation.ts";

const WINGET = "C:\\Users\\me\\AppData\\Local\\Microsoft\\WinGet\\Packages";
const APT = (name: string) => `sudo apt-get install --only-upgrade ${name} (or your system's counterpart)`;

/** Where package managers put an executable, links resolved, and how each is told to update it. */
const managed: readonly [path: string, manager: string, command: string][] = [
  ["/opt/homebrew/Cellar/cco/2025.11.1/bin/cco", "Homebrew", "brew upgrade cco"],
  ["/usr/local/Cellar/cco/2025.11.1/bin/cco", "Homebrew", "brew upgrade cco"],
  ["/home/linuxbrew/.linuxbrew/Cellar/cco/2025.11.1/bin/cco", "Homebrew", "brew upgrade cco"],
  ["/opt/homebrew/Caskroom/cco/2025.11.1/cco", "Homebrew", "brew upgrade cco"],
  ["C:\\Users\\me\\scoop\\apps\\cco\\2025.11.1\\cco.exe", "Scoop", "scoop update cco"],
  ["C:\\Users\\me\\scoop\\apps\\cco\\current\\cco.exe", "Scoop", "scoop update cco"],
  ["C:\\ProgramData\\scoop\\apps\\cco\\current\\cco.exe", "Scoop", "scoop update cco"],
  [
    `${WINGET}\\Cco.Cco_Microsoft.Winget.Source_8wekyb3d8bbwe\\cco.exe`,
    "WinGet",
    "winget upgrade --id Cco.Cco",
  ],
  [
    "C:\\Program Files\\WinGet\\Packages\\Cco.Cco_Microsoft.Winget.Source_8wekyb3d8bbwe\\cco.exe",
    "WinGet",
    "winget upgrade --id Cco.Cco",
  ],
  ["C:\\ProgramData\\chocolatey\\lib\\cco\\tools\\cco.exe", "Chocolatey", "choco upgrade cco"],
  ["/snap/cco/12/bin/cco", "Snap", "sudo snap refresh cco"],
  ["/var/lib/snapd/snap/cco/x1/bin/cco", "Snap", "sudo snap refresh cco"],
  [
    "/var/lib/flatpak/app/io.example.Cco/x86_64/stable/1/files/bin/cco",
    "Flatpak",
    "flatpak update io.example.Cco",
  ],
  ["/usr/bin/cco", "the system's package manager", APT("cco")],
  ["/bin/cco", "the system's package manager", APT("cco")],
  ["/usr/sbin/cco", "the system's package manager", APT("cco")],
  ["/usr/lib/cco/bin/cco", "the system's package manager", APT("cco")],
  ["/usr/libexec/cco", "the system's package manager", APT("cco")],
  ["/usr/share/cco/cco", "the system's package manager", APT("cco")],
  ["/nix/store/0c1p5z9kda11vjmgm8w6xqz2yfbx3p4d-cco-2025.11.1/bin/cco", "Nix", "nix profile upgrade cco"],
  [
    "/nix/store/0c1p5z9kda11vjmgm8w6xqz2yfbx3p4d-my-cco-2025.11.1/bin/cco",
    "Nix",
    "nix profile upgrade my-cco",
  ],
  ["/gnu/store/0c1p5z9kda11vjmgm8w6xqz2yfbx3p4d-cco-2025.11.1/bin/cco", "Guix", "guix upgrade cco"],
  ["/usr/lib/node_modules/cco/bin/cco", "npm", "npm install --global cco@latest"],
  ["/usr/lib/node_modules/@scope/cco/bin/cco", "npm", "npm install --global @scope/cco@latest"],
  [
    "C:\\Users\\me\\AppData\\Roaming\\npm\\node_modules\\cco\\bin\\cco.exe",
    "npm",
    "npm install --global cco@latest",
  ],
  [
    "/home/me/project/node_modules/.pnpm/cco@2025.11.1/node_modules/cco/bin/cco",
    "pnpm",
    "pnpm update --global cco",
  ],
];

for (const [path, manager, command] of managed) {
  test(`refuseManagedInstallation() leaves ${path} to ${manager} (T26)`, () => {
    assert.throws(() => refuseManagedInstallation(path), (error) => {
      assert(isUpdateError(error) && error.code === "MANAGED_INSTALL");
      assert.deepEqual(error.details, { path, manager, command });
      assert.equal(
        error.message,
        `Failed to install new binary: ${path} belongs to ${manager}; update it with: ${command}`,
      );
      return true;
    });
  });
}

const own = [
  "/usr/local/bin/cco",
  "/usr/local/lib/cco/cco",
  "/opt/cco/bin/cco",
  "/home/me/.local/bin/cco",
  "/home/me/bin/cco",
  "/home/me/usr/bin/cco",
  "/root/.local/bin/cco",
  "/home/me/Cellar/cco",
  "/srv/snap/cco/cco",
  "/data/nix/store/cco",
  "C:\\Users\\me\\AppData\\Local\\Programs\\cco\\cco.exe",
  "C:\\Program Files\\cco\\cco.exe",
  "C:\\scoop\\cco.exe",
  "/Applications/Cco.app/Contents/MacOS/cco",
];

for (const path of own) {
  test(`refuseManagedInstallation() lets ${path} be updated (T26)`, () => refuseManagedInstallation(path));
}
