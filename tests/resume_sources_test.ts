import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UpdateErrorCode } from "../src/errors.ts";
import { download } from "../src/resume.ts";
import type { Fault } from "../src/testing/fault.ts";
import { CONTENT, from, HALF, header, requestFor, SIZE } from "./support/download_case.ts";
import { failsWith } from "./support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "./support/server_test.ts";
import { stallingRuntime } from "./support/wire_runtime.ts";

/** What becomes of a download from two mirrors. */
interface MirrorCase {
  readonly title: string;
  readonly part?: Uint8Array;
  readonly first: readonly (Fault | readonly Fault[])[];
  readonly second?: readonly (Fault | readonly Fault[])[];
  readonly outcome: "done" | UpdateErrorCode;
  /** `1` and `2` with the range of each request, in order. */
  readonly asked: readonly string[];
  readonly transferred?: number;
}

const forEver = (fault: Fault): Fault[] => Array(10).fill(fault);

const mirrorCases: MirrorCase[] = [
  {
    title: "the first is not there",
    first: forEver({ kind: "status", status: 404 }),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: SIZE,
  },
  {
    title: "the first compresses what it sends, and is asked once",
    first: forEver(header("content-encoding", "x-unknown")),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: SIZE,
  },
  {
    title: "the first breaks off and then compresses, and what is here is continued",
    first: [{ kind: "cut", after: 100_000 }, [header("content-encoding", "x-unknown"), {
      kind: "ignore-range",
    }]],
    outcome: "done",
    asked: ["1 -", `1 ${from(100_000)}`, `2 ${from(100_000)}`],
    transferred: SIZE,
  },
  {
    title: "the first breaks off for good",
    first: [{ kind: "cut", after: 100_000 }, { kind: "status", status: 404 }],
    outcome: "done",
    asked: ["1 -", `1 ${from(100_000)}`, `2 ${from(100_000)}`],
    transferred: SIZE,
  },
  {
    title: "the first is silent",
    first: forEver({ kind: "stall", after: "headers" }),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: SIZE,
  },
  {
    title: "both break again and again",
    first: forEver({ kind: "cut", after: 20_000 }),
    second: forEver({ kind: "cut", after: 70_000 }),
    outcome: "done",
    asked: [
      "1 -",
      `2 ${from(20_000)}`,
      `2 ${from(90_000)}`,
      `2 ${from(160_000)}`,
      `2 ${from(230_000)}`,
    ],
    transferred: SIZE,
  },
  {
    title: "the first sends wrong bytes",
    first: forEver({ kind: "corrupt", at: 5 }),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: 2 * SIZE,
  },
  {
    title: "the first has another size",
    first: forEver({ kind: "status", status: 200, body: "short" }),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: SIZE,
  },
  {
    title: "the first cannot continue, the second can",
    part: HALF,
    first: forEver({ kind: "ignore-range" }),
    outcome: "done",
    asked: [`1 ${from(150_000)}`, `2 ${from(150_000)}`],
  },
  {
    title: "neither can continue",
    part: HALF,
    first: forEver({ kind: "ignore-range" }),
    second: forEver({ kind: "ignore-range" }),
    outcome: "done",
    asked: [`1 ${from(150_000)}`, `2 ${from(150_000)}`],
  },
  {
    title: "the first asks for a pause of an hour",
    first: forEver({ kind: "rate-limit", limit: "primary", seconds: 3600 }),
    outcome: "done",
    asked: ["1 -", "2 -"],
    transferred: SIZE,
  },
  {
    title: "the second continues the first with other bytes, and is found out",
    first: [{ kind: "cut", after: 100_000 }, { kind: "status", status: 404 }],
    second: forEver({ kind: "corrupt", at: 200_000 }),
    outcome: "DIGEST_MISMATCH",
    asked: ["1 -", `1 ${from(100_000)}`, `2 ${from(100_000)}`, "2 -"],
  },
  {
    title: "both are not there",
    first: forEver({ kind: "status", status: 404 }),
    second: forEver({ kind: "status", status: 404 }),
    outcome: "HTTP_STATUS",
    asked: ["1 -", "2 -"],
  },
  {
    title: "the first is down, the second lies",
    first: forEver({ kind: "status", status: 503 }),
    second: forEver({ kind: "corrupt", at: 0 }),
    outcome: "DIGEST_MISMATCH",
    asked: ["1 -", "2 -", "1 -", "1 -", "1 -"],
  },
];

for (const each of mirrorCases) {
  serverTest(
    `download() from two mirrors when ${each.title}: ${each.outcome}`,
    {},
    async (server, _, gate) => {
      await inTemporaryFolder(async (folder) => {
        const urls = [server.serve("/1", CONTENT), server.serve("/2", CONTENT)];
        for (const fault of each.first) server.fault("/1", fault);
        for (const fault of each.second ?? []) server.fault("/2", fault);
        const path = join(folder, "part");
        if (each.part) await writeFile(path, each.part);
        const { runtime } = stallingRuntime(server, 30_000, gate);
        const pending = download(runtime, requestFor(urls, path));
        if (each.outcome === "done") {
          const done = await pending;
          assert.deepEqual(new Uint8Array(await readFile(path)), CONTENT);
          if (each.transferred !== undefined) assert.equal(done.transferredBytes, each.transferred);
        } else {
          const { cause } = await failsWith(pending, each.outcome);
          assert(cause instanceof AggregateError);
          assert.equal(cause.errors.length, 2);
        }
        const asked = server.requests.map(({ path, headers }) =>
          `${path.slice(1)} ${headers.get("range") ?? "-"}`
        );
        assert.deepEqual(asked, each.asked);
      });
    },
  );
}
