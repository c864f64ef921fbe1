import { CONTENT, downloadTests, from, SIZE } from "./support/download_case.ts";

downloadTests([
  {
    title: "a longer file",
    content: new Uint8Array([...CONTENT, 1]),
    outcome: "SIZE_MISMATCH",
    ranges: ["-"],
    transferred: 0,
  },
  {
    title: "a longer file of no declared length",
    faults: [[{ kind: "length", value: undefined }, { kind: "surplus", bytes: 1 }]],
    outcome: "SIZE_MISMATCH",
    ranges: ["-"],
  },
  {
    title: "a shorter file",
    content: CONTENT.subarray(0, SIZE - 1),
    outcome: "SIZE_MISMATCH",
    ranges: ["-"],
    transferred: 0,
  },
  {
    title: "a shorter file of no declared length",
    content: CONTENT.subarray(0, SIZE - 1),
    faults: [{ kind: "length", value: undefined }],
    outcome: "SIZE_MISMATCH",
    ranges: ["-", from(SIZE - 1), "-"],
  },
  {
    title: "a declared length that is too long for what is sent",
    unknown: ["size"],
    faults: [[{ kind: "length", value: String(SIZE + 1) }, { kind: "cut", after: SIZE }]],
    outcome: "done",
    ranges: ["-", from(SIZE), "-"],
  },
  {
    title: "an endless file",
    faults: [{ kind: "endless" }],
    outcome: "SIZE_MISMATCH",
    ranges: ["-"],
  },
  {
    title: "an endless file of unknown size",
    unknown: ["size"],
    faults: [{ kind: "endless" }],
    outcome: "TOO_LARGE",
    ranges: ["-"],
  },
  {
    title: "an empty answer",
    faults: [{ kind: "status", status: 200 }],
    outcome: "SIZE_MISMATCH",
    ranges: ["-"],
  },
  {
    title: "an answer without content",
    faults: [{ kind: "status", status: 204 }],
    outcome: "HTTP_STATUS",
    ranges: ["-"],
  },
  {
    title: "one wrong byte",
    faults: [{ kind: "corrupt", at: 200_000 }],
    forEver: true,
    outcome: "DIGEST_MISMATCH",
    ranges: ["-"],
    transferred: SIZE,
  },
]);
