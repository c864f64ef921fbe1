/**
 * The one assertion that `node:assert` lacks: a failure of the library, by its code and facts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { UpdateError, type UpdateErrorCode, type UpdateErrorDetails } from "../../src/errors.ts";

/**
 * Asserts that something fails with an `UpdateError`.
 *
 * @param promise What should fail.
 * @param code The code it should fail with.
 * @param details The facts that it should name; others are not looked at.
 * @returns The error.
 */
export async function failsWith<C extends UpdateErrorCode>(
  promise: Promise<unknown>,
  code: C,
  details: Partial<UpdateErrorDetails[C]> = {},
): Promise<UpdateError<C>> {
  const error = await promise.then(
    (value) => assert.fail(`expected ${code}, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UpdateError) || error.code !== code) {
    throw new assert.AssertionError({ message: `expected ${code}`, actual: error, expected: code });
  }
  const actual: Partial<UpdateErrorDetails[C]> = {};
  for (const name of Object.keys(details) as (keyof UpdateErrorDetails[C])[]) {
    actual[name] = error.details[name];
  }
  assert.deepEqual(actual, details);
  return error as UpdateError<C>;
}
