/**
 * Whose configuration file it is, and therefore how it is mended: advice about another file would harm a good one.
 *
 * @module
 */

/** How a file is mended, as the end of a message. */
export interface FileRole {
  /** For a file that an editor can mend. */
  readonly mend: string;
  /** For one that it cannot. */
  readonly anew: string;
}

const KEPT = "which keeps a copy";

/** The user's own file in its usual place. */
export const OWN_FILE: FileRole = {
  mend: `Mend it with 'cco config edit', or start anew with 'cco config reset', ${KEPT}`,
  anew: `Start anew with 'cco config reset', ${KEPT}`,
};

/** The managed policy. No command of `cco` writes to it. */
export const POLICY_FILE: FileRole = {
  mend: "It is the administrator's: mend or remove that file as root, or ask your administrator",
  anew: "It is the administrator's: replace or remove that file as root, or ask your administrator",
};

/**
 * A file that `--config` named: without the flag the commands would work on the user's own.
 *
 * @param path The file.
 * @returns How it is mended.
 */
export function namedFile(path: string): FileRole {
  return {
    mend: `Mend it with 'cco config edit --config ${path}', or start anew with ` +
      `'cco config reset --config ${path}', ${KEPT}`,
    anew: `Start anew with 'cco config reset --config ${path}', ${KEPT}`,
  };
}

/**
 * What came back from an editor and is in force nowhere.
 *
 * @param path The file.
 * @returns Where it is.
 */
export function editedCopy(path: string): FileRole {
  const text = `Nothing was changed; what you wrote is in ${path}`;
  return { mend: text, anew: text };
}
