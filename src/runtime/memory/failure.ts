/** A failed operation before it is known whose it was: the file system makes a `FileError` of it. */

import type { FileErrorKind } from "../../errors.ts";

/** Why an operation fails. */
export class Failure extends Error {
  /** The kind of the `FileError`. */
  readonly kind: FileErrorKind;

  /**
   * @param kind The kind of the `FileError`.
   * @param message What is wrong.
   */
  constructor(kind: FileErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
