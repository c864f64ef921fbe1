/**
 * What can be wrong with settings.
 *
 * @module
 */

/** The kinds of {@link ConfigError}. */
export type ConfigErrorCode =
  | "UNKNOWN_KEY"
  | "INVALID_VALUE"
  | "READ_ONLY_KEY"
  | "MANAGED_KEY"
  | "FILE_MISSING"
  | "FILE_DAMAGED"
  | "FILE_TOO_LARGE"
  | "FILE_UNSAFE"
  | "FILE_UNREADABLE"
  | "FILE_NOT_WRITABLE"
  | "FILE_BUSY"
  | "EDIT_REFUSED";

/** A problem with the settings that a person has to mend. The message says what, why and how. */
export class ConfigError extends Error {
  /** Always `"ConfigError"`. */
  override readonly name = "ConfigError";
  /** Which problem this is. */
  readonly code: ConfigErrorCode;

  /**
   * @param code Which problem this is.
   * @param message What is wrong, why, and what to do.
   * @param options The error that caused this one, as `cause`.
   */
  constructor(code: ConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
