import assert from "node:assert/strict";
import { test } from "node:test";
import { pathsOf } from "../../src/installation.ts";
import { recover } from "../../src/recover.ts";
import { crashed, FILES } from "../support/crashed_place.ts";

const modes: [name: string, live: { content: Uint8Array; mode: number } | undefined, after: string][] = [
  ["the mode of a damaged executable", { content: FILES.damaged, mode: 0o750 }, "750"],
  ["the right to be run, where the executable has lost it", { content: FILES.damaged, mode: 0o644 }, "755"],
  ["the right to be run, where the executable is gone", undefined, "755"],
];

for (const [name, live, mode] of modes) {
  test(`recover() gives a backup of mode 644 that it puts back ${name}`, async () => {
    const { place, runtime } = await crashed("linux", {
      record: "valid",
      live: "damaged",
      backup: "old",
      outcome: "restored",
      after: { live: "old" },
    });
    const { backup } = pathsOf(place.executable);
    place.machine.put(backup, FILES.old, { mode: 0o644 });
    await runtime.fs.remove(place.executable);
    if (live !== undefined) place.machine.put(place.executable, live.content, { mode: live.mode });
    const { outcome } = await recover({ ...place.options, executable: place.executable, runtime });
    assert.equal(outcome, "restored");
    assert.deepEqual(place.folder(), { app: `file ${mode} ${new TextDecoder().decode(FILES.old)}` });
  });
}
