import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchiveFormat } from "../src/archive_format.ts";
import { downloadVerified } from "../src/download_verified.ts";
import type { MemoryOperation } from "../src/runtime/memory.ts";
import { type MemoryPlace, memoryPlace } from "./support/memory_place.ts";

// Every single operation of a download fails once, in every way that a disk fails.
for (const format of ["raw", "tar.gz"] as const) {
  for (const kind of ["denied", "full", "other"] as const) {
    test(`downloadVerified() of a ${format} file survives every operation that fails with "${kind}"`, async () => {
      const place = memoryPlace();
      place.publish({ format });
      const update = await place.check();
      const first = place.machine.operations.log.length;
      await downloadVerified(update, place.options);
      const count = operations(place, first).length;
      assert(count > 40, String(count));
      for (let index = 0; index < count; index++) await failAt(index, format, kind);
    });
  }
}

function operations({ machine }: MemoryPlace, first: number): readonly MemoryOperation[] {
  return machine.operations.log.slice(first);
}

async function failAt(
  index: number,
  format: ArchiveFormat,
  kind: "denied" | "full" | "other",
): Promise<void> {
  const place = memoryPlace();
  const before = place.folder();
  place.publish({ format });
  const update = await place.check();
  const first = place.machine.operations.log.length;
  let failed: MemoryOperation | undefined;
  const end = place.machine.operations.fail(kind, (operation) => {
    // What HTTP does is another test's business.
    if (operation.index !== first + index || operation.name === "fetch") return false;
    failed = operation;
    return true;
  });
  const outcome = await downloadVerified(update, place.options).then(
    (staged) => {
      end();
      return staged.discard().then(() => "staged");
    },
    (error) => error.code ?? `not translated: ${error}`,
  );
  end();
  const where = `${failed?.name} ${failed?.path} failed, the outcome was ${outcome}`;
  assert.match(
    outcome,
    /^(staged|NOT_WRITABLE|DISK_FULL|REPLACE_FAILED|UNSAFE_DIRECTORY|PRIVILEGED_TARGET)$/,
    where,
  );
  assert.equal(place.folder()["app"], before["app"], where);
  // What could not be removed then is removed at the next start.
  place.runtime.kill();
  const runtime = place.machine.start({ execPath: place.executable, pid: 200 });
  await (await downloadVerified(update, { ...place.options, runtime })).discard();
  assert.deepEqual(place.folder(), before, where);
}
