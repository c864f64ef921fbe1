/**
 * The other borders inside the project as data: who never meets whom, who may use what only one runtime has, and where
 * each package is let in.
 *
 * @module
 */

/** Families of files that never see each other, whatever their layer. */
export const STRANGERS: readonly (readonly [string, string])[] = [["replace/posix", "replace/windows"]];

/** The only folder that `mod.ts` reaches whose files import `node:` modules statically: it is itself imported dynamically. */
export const NODE_FOLDER = "src/runtime/node/";

/** Files under `src/` that may name the `Deno` global. */
export const DENO_FILES: readonly string[] = ["runtime/deno", "cli/console", "/cli"];

/** Folders outside `src/` that run on Deno only; the other tests run on every runtime. */
export const DENO_FOLDERS: readonly string[] = [
  "bench/",
  "scripts/",
  "tests/cli/",
  "tests/crash/",
  "tests/platforms/",
  "tests/live_service/",
  "tests/reality/",
  "tests/e2e/",
  "tests/house/",
  "tests/scripts/",
  "tests/support/deno/",
];

/** Where each package is imported, so that it can be swapped in one place. */
export const PACKAGE_SEAMS: Readonly<Record<string, readonly string[]>> = {
  "@decimalturn/toml-patch": ["config"],
  "openpgp": ["openpgp"],
  "smol-toml": ["config"],
  "verkit": ["version"],
};

/** A file may have this many lines, those of tests excepted; beyond that it is split by noun. */
export const MAX_FILE_LINES = 250;
