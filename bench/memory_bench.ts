/** Peak memory of an update, printed: what counts here is the line, not the time. */

import { describeMemory, measureUpdateMemory } from "../tests/support/deno/update_memory.ts";

Deno.bench(
  "a compiled cco updates itself",
  { n: 3, warmup: 0, ignore: Deno.build.os !== "linux" },
  async () => {
    const undo: (() => unknown)[] = [];
    try {
      console.log(
        describeMemory(await measureUpdateMemory({ after: (fn) => void undo.push(fn as () => unknown) })),
      );
    } finally {
      for (const fn of undo.reverse()) await fn();
    }
  },
);
