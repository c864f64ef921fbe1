/** Assertions about `FileError`. */

import { fail, ok } from "node:assert/strict";
import { FileError, type FileErrorKind } from "../errors.ts";

/**
 * Asserts that a promise rejects with a `FileError`.
 *
 * @param kind The kind it must have; any when `undefined`.
 * @param promise The attempt.
 * @param operation The port's operation that it must name; any when absent.
 */
export async function rejectsWithKind(
  kind: FileErrorKind | undefined,
  promise: Promise<unknown>,
  operation?: string,
): Promise<void> {
  const outcome = await promise.then(() => undefined, (error: unknown) => ({ error }));
  if (outcome === undefined) fail(`Expected a FileError of kind ${kind ?? "any"}, but nothing failed`);
  assertKind(kind, outcome.error, operation);
}

/**
 * Asserts that a call throws a `FileError`.
 *
 * @param kind The kind it must have; any when `undefined`.
 * @param attempt The attempt.
 */
export function throwsWithKind(kind: FileErrorKind | undefined, attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    return assertKind(kind, error, undefined);
  }
  fail(`Expected a FileError of kind ${kind ?? "any"}, but nothing failed`);
}

function assertKind(kind: FileErrorKind | undefined, error: unknown, operation: string | undefined): void {
  ok(error instanceof FileError, `Expected a FileError, got ${error}`);
  ok(
    kind === undefined || error.kind === kind,
    `Expected the kind ${kind}, got ${error.kind}: ${error.message}`,
  );
  ok(
    operation === undefined || error.operation === operation,
    `Expected ${operation}, got ${error.operation}`,
  );
}
