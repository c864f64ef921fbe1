/**
 * Flags that several of the publisher's commands have.
 *
 * @module
 */

import type { Flag } from "./command.ts";

/** Where the manifest is. */
export const FOLDER: Flag = {
  name: "folder",
  value: "DIR",
  words: "files",
  summary: "the release folder; the current one unless given",
};
/** For everything that writes. */
export const DRY_RUN: Flag = {
  name: "dry-run",
  summary: "check everything, say what would change, write nothing",
};
/** How long a manifest holds. */
export const VALIDITY: Flag = {
  name: "validity",
  value: "TIME",
  summary: "how long clients may rely on the manifest; 90d unless given",
};

/** A secret is never a word of the command line, which every user of the machine can read (T11). */
export const KEYS: readonly Flag[] = [
  { name: "key-file", value: "FILE", words: "files", summary: "sign with this secret key; repeat for more" },
  { name: "key-stdin", summary: "sign with the secret keys on standard input" },
  { name: "key-env", value: "NAME", summary: "sign with the secret key in this variable; repeat for more" },
];
/** The same for roots. */
export const ROOT_KEYS: readonly Flag[] = [
  {
    name: "root-key-file",
    value: "FILE",
    words: "files",
    summary: "sign the root with this secret key; repeat for more",
  },
  { name: "root-key-stdin", summary: "sign the root with the secret keys on standard input" },
  {
    name: "root-key-env",
    value: "NAME",
    summary: "sign the root with the secret key in this variable; repeat for more",
  },
];
/** How many sign manifests. */
export const THRESHOLD: Flag = {
  name: "threshold",
  value: "N",
  summary: "how many keys must sign a manifest; 1 unless given",
};
/** How many sign roots. */
export const ROOT_THRESHOLD: Flag = {
  name: "root-threshold",
  value: "N",
  summary: "how many keys must sign a root; 1 unless given",
};
/** How long a root holds. */
export const ROOT_VALIDITY: Flag = {
  name: "root-validity",
  value: "TIME",
  summary: "how long the root holds; 365d unless given",
};
/** For new keys. */
export const NO_PASSWORD: Flag = {
  name: "no-password",
  summary: "whoever can read the new file can sign",
};

/** Flags of every command that changes the manifest. */
export const PUBLISH: readonly Flag[] = [FOLDER, ...KEYS, VALIDITY, DRY_RUN];
