/** Why a service cannot start, in words that say what to do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/cli/failure.ts";
import { serviceFailure } from "../../src/cli/service_failure.ts";

const PLACE = { host: "foo", port: 3000, stateDirectory: "/state" };

const reasons: [code: string, message: RegExp][] = [
  ["EADDRINUSE", /^Cannot listen on foo:3000: another program uses this port\. .*--port or service\.port$/],
  ["EACCES", /^Cannot listen on foo:3000: this account may not use this port\. /],
  ["EADDRNOTAVAIL", /^Cannot listen on foo:3000: this machine has no such address\. .*service\.host$/],
  ["ENOTFOUND", /^Cannot listen on foo:3000: nobody knows this name\. Give an address .*service\.host$/],
  ["EAI_AGAIN", /^Cannot listen on foo:3000: nobody knows this name\. /],
];

for (const [code, message] of reasons) {
  test(`a service that ${code} keeps from listening ends with 1 and a mend`, () => {
    const failure = serviceFailure(Object.assign(new Error(`getaddrinfo ${code}`), { code }), PLACE);
    assert(failure instanceof Failure);
    assert.deepEqual([failure.exitCode, failure.code], [1, "LISTEN"]);
    assert.match(failure.message, message);
  });
}

test("what is nothing of the kind stays as it is", () => {
  const error = new Error("a mistake");
  assert.equal(serviceFailure(error, PLACE), error);
});
