import assert from "node:assert/strict";
import { test } from "node:test";
import { extractFile } from "../../src/archive.ts";
import type { ByteSource } from "../../src/digest.ts";
import { isUpdateError } from "../../src/errors.ts";
import { ATTACK_ARCHIVES, ENTRY, MAX_BYTES, type Outcome, PAYLOAD } from "../support/attack_archives.ts";
import { bytesOf, sourceOf } from "../support/byte_source.ts";

for (const [format, attacks] of Object.entries(ATTACK_ARCHIVES)) {
  for (const { title, archive, outcome } of attacks) {
    test(`extractFile() of a ${format}: ${title} (${nameOf(outcome)})`, async () => {
      await expectOutcome(sourceOf(archive()), format as keyof typeof ATTACK_ARCHIVES, outcome);
    });
  }
}

async function expectOutcome(
  source: ByteSource,
  format: keyof typeof ATTACK_ARCHIVES,
  outcome: Outcome,
): Promise<void> {
  const content = bytesOf(extractFile(source, { format, entry: ENTRY, maxBytes: MAX_BYTES, archive: "a" }));
  if (outcome === "payload") return assert.deepEqual(await content, PAYLOAD);
  const error = await content.then(() => assert.fail("it was accepted"), (error: unknown) => error);
  assert(isUpdateError(error), `${error}`);
  assert.equal(error.code, outcome.code, error.message);
  if (outcome.code === "ARCHIVE_INVALID") assert.match(error.message, outcome.reason);
  if (outcome.code === "BINARY_NOT_FOUND") {
    assert.deepEqual(error.details, { archive: "a", entry: ENTRY, found: outcome.found });
  }
  if (error.code === "TOO_LARGE" && outcome.code === "TOO_LARGE") {
    assert.equal(error.details.limit, outcome.limit);
  }
}

function nameOf(outcome: Outcome): string {
  return outcome === "payload" ? "extracted" : outcome.code;
}
