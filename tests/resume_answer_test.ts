import { etagOf } from "../src/testing/fault_answer.ts";
import { CONTENT, downloadTests, from, HALF, header, OTHER, SIZE } from "./support/download_case.ts";

const TENTH = CONTENT.subarray(0, 30_000);

downloadTests([
  {
    title: "a server without ranges",
    part: HALF,
    faults: [{ kind: "ignore-range" }],
    outcome: "done",
    ranges: [from(150_000)],
    transferred: SIZE,
  },
  {
    title: "a server without ranges that always breaks at the same place",
    faults: [[{ kind: "ignore-range" }, { kind: "cut", after: 100_000 }]],
    forEver: true,
    outcome: "NETWORK",
    ranges: ["-", from(100_000), "-", "-", "-"],
    left: 100_000,
  },
  {
    title: "a file that was exchanged for the right one since",
    part: OTHER.subarray(0, 150_000),
    note: JSON.stringify({ etags: { URL: etagOf(OTHER) } }),
    outcome: "done",
    ranges: [from(150_000)],
    transferred: SIZE,
  },
  {
    title: "a file that is exchanged for another one midway",
    faults: [{ kind: "cut", after: 100_000 }, { kind: "switch", to: OTHER }],
    outcome: "DIGEST_MISMATCH",
    ranges: ["-", from(100_000)],
    transferred: 400_000,
  },
  {
    title: "a file that is exchanged for a shorter one midway",
    faults: [{ kind: "cut", after: 100_000 }, { kind: "switch", to: OTHER.subarray(0, 50_000) }],
    outcome: "SIZE_MISMATCH",
    ranges: ["-", from(100_000)],
  },
  {
    title: "a file that is exchanged, by a server that ignores If-Range",
    faults: [
      { kind: "cut", after: 100_000 },
      [{ kind: "switch", to: OTHER }, { kind: "ignore-if-range" }],
    ],
    outcome: "DIGEST_MISMATCH",
    ranges: ["-", from(100_000), "-"],
    transferred: 400_000,
  },
  {
    title: "a file that is exchanged, by a server without ETags: both halves are fetched again once",
    faults: [
      [header("etag", undefined), { kind: "cut", after: 100_000 }],
      [{ kind: "switch", to: OTHER }, header("etag", undefined)],
    ],
    outcome: "DIGEST_MISMATCH",
    ranges: ["-", from(100_000)],
  },
  {
    title: "a weak ETag, which is no use in If-Range",
    faults: [[header("etag", 'W/"weak"'), { kind: "cut", after: 100_000 }], header("etag", 'W/"weak"')],
    outcome: "done",
    ranges: ["-", from(100_000)],
    transferred: SIZE,
  },
  {
    // Deno 2.7 decodes it and hides that it did; only the digest of the whole file notices.
    title: "a 206 that is compressed",
    part: HALF,
    faults: [header("content-encoding", "br")],
    outcome: "done",
  },
  {
    title: "a whole file that is said to be compressed",
    faults: [header("content-encoding", "x-unknown")],
    outcome: "NETWORK",
    ranges: ["-"],
    transferred: 0,
  },
  {
    title: "a whole file that is said to be what it is",
    faults: [header("content-encoding", "Identity")],
    outcome: "done",
    ranges: ["-"],
  },
  {
    title: "a 206 of fewer bytes than asked for",
    part: TENTH,
    faults: [[
      { kind: "content-range", value: `bytes 30000-129999/${SIZE}` },
      { kind: "length", value: "100000" },
      { kind: "cut", after: 100_000 },
    ]],
    outcome: "done",
    ranges: [from(30_000), from(130_000)],
    transferred: 270_000,
  },
  {
    title: "a 206 of more bytes than announced",
    part: HALF,
    faults: [[{ kind: "length", value: undefined }, { kind: "surplus", bytes: 5000 }]],
    outcome: "SIZE_MISMATCH",
    ranges: [from(150_000)],
  },
  {
    title: "a 416 that names another size",
    part: HALF,
    faults: [{ kind: "status", status: 416, headers: { "content-range": "bytes */100000" } }],
    outcome: "done",
    ranges: [from(150_000), "-"],
  },
  {
    title: "a 416 that names the right size",
    part: HALF,
    faults: [{ kind: "status", status: 416, headers: { "content-range": `bytes */${SIZE}` } }],
    outcome: "done",
    ranges: [from(150_000), "-"],
  },
  {
    title: "a 416 that names no size",
    part: HALF,
    faults: [{ kind: "status", status: 416 }],
    outcome: "done",
    ranges: [from(150_000), "-"],
  },
  {
    title: "a 416 because the file is shorter now, of unknown size",
    part: HALF,
    note: "",
    content: OTHER.subarray(0, 100_000),
    unknown: ["size"],
    outcome: "DIGEST_MISMATCH",
    ranges: [from(150_000), "-"],
  },
]);
