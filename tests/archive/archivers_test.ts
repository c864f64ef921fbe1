import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { extractFile } from "../../src/archive.ts";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import { isUpdateError } from "../../src/errors.ts";
import { ATTACK_ARCHIVES, ENTRY, OTHER, PAYLOAD } from "../support/attack_archives.ts";
import { bytesOf, sourceOf } from "../support/byte_source.ts";

/** What an archiver is asked to do, and the file that is then looked for. */
interface Case {
  readonly command: string;
  readonly args: readonly string[];
  readonly format: ArchiveFormat;
  readonly entry: string;
}

/** Where an archiver puts what it makes, if not on its standard output. */
const MADE = "made.zip";
const LONG = `${"a-rather-long-folder/".repeat(12)}cco`;
const ALL = ["README.md", "link", "cco", LONG];
const SPARSE = ["--sparse", "sparse"];
const ZIPS = [["-r", "-"], ["-0", "-r", "-"], ["-y", "-9", "-X", "-r", "-"], [MADE], ["-0", MADE], [
  "-fz",
  MADE,
]];

const CASES: readonly Case[] = [
  ...["gnu", "oldgnu", "pax"].flatMap((format) =>
    [ENTRY, LONG].map((entry) => tarCase(entry, [`--format=${format}`, ...ALL]))
  ),
  ...["ustar", "v7"].map((format) => tarCase(ENTRY, [`--format=${format}`, "README.md", "link", "./cco"])),
  tarCase(ENTRY, ["--format=pax", "--xattrs", "--pax-option=comment=hello", "cco"]),
  tarCase(ENTRY, ["--format=gnu", ...SPARSE, "cco"]),
  tarCase(ENTRY, ["--format=posix", ...SPARSE, "cco"]),
  ...ZIPS.map((args): Case => ({
    command: "zip",
    args: ["-q", ...args, ...ALL],
    format: "zip",
    entry: ENTRY,
  })),
  { command: "gzip", args: ["-c", "cco"], format: "gz", entry: ENTRY },
];

/** How each command's version text begins; on some systems another program has its name. */
const COMMANDS: Readonly<Record<string, readonly [flag: string, version: RegExp]>> = {
  tar: ["--version", /GNU tar/],
  gzip: ["--version", /gzip/],
  zip: ["-v", /Info-ZIP/],
  unzip: ["-v", /Info-ZIP/],
};
const MISSING = Object.keys(COMMANDS).filter((command) => !isHere(command));
if (MISSING.length > 0) {
  console.log(`Left out: tests with ${MISSING.join(", ")}, which this machine does not have`);
}

for (const { command, args, format, entry } of CASES) {
  const line = `${command} ${args.join(" ")}`.replaceAll(LONG, "<long>");
  test(`extractFile() finds ${entry.slice(0, 9)} in what \`${line}\` makes`, needs(command), async () => {
    const archive = inFolder((folder) => {
      const printed = run(folder, command, args);
      return args.includes(MADE) ? new Uint8Array(readFileSync(join(folder, MADE))) : printed;
    });
    const options = { format, entry, maxBytes: 1 << 20, archive: command };
    assert.deepEqual(await bytesOf(extractFile(sourceOf(archive), options)), PAYLOAD);
  });
}

for (const format of ["gnu", "posix"]) {
  test(`extractFile() refuses a sparse file of \`tar --format=${format}\``, needs("tar"), async () => {
    const archive = inFolder((folder) => run(folder, "tar", ["-cz", `--format=${format}`, ...SPARSE]));
    const options = { format: "tar.gz", entry: "sparse", maxBytes: 8 << 20, archive: "tar" } as const;
    const content = bytesOf(extractFile(sourceOf(archive), options));
    const error = await content.then(() => assert.fail("it was accepted"), (error: unknown) => error);
    assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
    assert.match(error.message, /sparse is a sparse file/);
  });
}

test("tar finds in the corpus's harmless archives what extractFile() does", needs("tar"), () => {
  // The corpus's sparse map has no pieces, which GNU tar does not accept; its own sparse files are read above.
  compareWith("tar", "tar.gz", ["-xzOf"], (title) => !/sparse/.test(title));
});

test("unzip finds in the corpus's harmless archives what extractFile() does", needs("unzip"), () => {
  compareWith("unzip", "zip", ["-p"], () => true);
});

function compareWith(
  command: string,
  format: keyof typeof ATTACK_ARCHIVES,
  args: readonly string[],
  isCompared: (title: string) => boolean,
): void {
  const harmless = ATTACK_ARCHIVES[format].filter(({ title, outcome }) =>
    outcome === "payload" && isCompared(title)
  );
  assert(harmless.length > 20);
  inFolder((folder) => {
    for (const { title, archive } of harmless) {
      writeFileSync(join(folder, "attack"), archive());
      const name = title === "the file as ./cco" ? "./cco" : ENTRY;
      assert.deepEqual(run(folder, command, [...args, "attack", name]), PAYLOAD, title);
    }
  });
}

function tarCase(entry: string, args: readonly string[]): Case {
  return { command: "tar", args: ["-cz", ...args], format: "tar.gz", entry };
}

function needs(command: string): { skip: boolean } {
  return { skip: MISSING.includes(command) };
}

function isHere(command: string): boolean {
  const [flag, version] = COMMANDS[command]!;
  try {
    return version.test(`${execFileSync(command, [flag], { stdio: ["ignore", "pipe", "ignore"] })}`);
  } catch {
    return false;
  }
}

/** Runs something in a folder that holds what is packed. */
function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "cco-archivers-"));
  try {
    mkdirSync(join(folder, LONG, ".."), { recursive: true });
    writeFileSync(join(folder, "cco"), PAYLOAD);
    writeFileSync(join(folder, LONG), PAYLOAD);
    writeFileSync(join(folder, "README.md"), OTHER);
    writePieces(join(folder, "sparse"));
    symlinkSync("cco", join(folder, "link"));
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file of more pieces than a sparse header has room for, so that blocks of map follow it. */
function writePieces(path: string): void {
  const file = openSync(path, "w");
  for (let piece = 0; piece < 64; piece++) writeSync(file, OTHER, 0, OTHER.length, piece * 65536);
  closeSync(file);
}

function run(folder: string, command: string, args: readonly string[]): Uint8Array {
  return new Uint8Array(execFileSync(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }));
}
