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
import { after, test } from "node:test";
import { type ArchiveFormat, extractFile } from "../../src/archive.ts";
import { isUpdateError } from "../../src/errors.ts";
import { ATTACK_ARCHIVES, ENTRY, OTHER, PAYLOAD } from "../support/attack_archives.ts";
import { bytesOf, sourceOf } from "../support/byte_source.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "cco-archivers-"));
/** Where an archiver puts what it makes, if not on its standard output. */
const MADE = "made.zip";
const LONG = `${"a-rather-long-folder/".repeat(12)}cco`;

mkdirSync(join(FOLDER, LONG, ".."), { recursive: true });
writeFileSync(join(FOLDER, "cco"), PAYLOAD);
writeFileSync(join(FOLDER, LONG), PAYLOAD);
writeFileSync(join(FOLDER, "README.md"), OTHER);
writePieces(join(FOLDER, "sparse"));
symlinkSync("cco", join(FOLDER, "link"));
after(() => rmSync(FOLDER, { recursive: true }));

/** What an archiver is asked to do, and the file that is then looked for. */
interface Case {
  readonly command: string;
  readonly args: readonly string[];
  readonly format: ArchiveFormat;
  readonly entry: string;
}

const SPARSE = ["--sparse", "sparse"];
const ALL = ["README.md", "link", "cco", LONG];

const CASES: readonly Case[] = [
  ...["gnu", "oldgnu", "pax"].flatMap((format) =>
    [ENTRY, LONG].map((entry) => tarCase(entry, [`--format=${format}`, ...ALL]))
  ),
  ...["ustar", "v7"].map((format) => tarCase(ENTRY, [`--format=${format}`, "README.md", "link", "./cco"])),
  tarCase(ENTRY, ["--format=pax", "--xattrs", "--pax-option=comment=hello", "cco"]),
  tarCase(ENTRY, ["--format=gnu", ...SPARSE, "cco"]),
  tarCase(ENTRY, ["--format=posix", ...SPARSE, "cco"]),
  ...[["-r", "-"], ["-0", "-r", "-"], ["-y", "-9", "-X", "-r", "-"], [MADE], ["-0", MADE], ["-fz", MADE]].map(
    zipCase,
  ),
  { command: "gzip", args: ["-c", "cco"], format: "gz", entry: ENTRY },
];

for (const { command, args, format, entry } of CASES) {
  test(
    `extractFile() reads what \`${command} ${args.join(" ").replaceAll(LONG, "<long>")}\` makes`,
    { skip: absent(command) },
    async () => {
      const archive = made(command, args);
      const options = { format, entry, maxBytes: 1 << 20, archive: command };
      assert.deepEqual(await bytesOf(extractFile(sourceOf(archive), options)), PAYLOAD);
    },
  );
}

for (const format of ["gnu", "posix"]) {
  test(
    `extractFile() refuses a sparse file of \`tar --format=${format}\``,
    { skip: absent("tar") },
    async () => {
      const archive = output("tar", ["-cz", `--format=${format}`, ...SPARSE]);
      const options = { format: "tar.gz", entry: "sparse", maxBytes: 8 << 20, archive: "tar" } as const;
      const error = await bytesOf(extractFile(sourceOf(archive), options)).then(
        () => undefined,
        (error) => error,
      );
      assert(isUpdateError(error) && error.code === "ARCHIVE_INVALID");
      assert.match(error.message, /sparse is a sparse file/);
    },
  );
}

test(
  "tar reads the harmless archives of the attack corpus as extractFile() does",
  { skip: absent("tar") },
  () => {
    // The corpus's sparse map has no pieces, which GNU tar does not accept; its own sparse files are read above.
    const harmless = ATTACK_ARCHIVES["tar.gz"].filter(({ title, outcome }) =>
      outcome === "payload" && !/sparse/.test(title)
    );
    assert(harmless.length > 20);
    for (const { title, archive } of harmless) {
      const path = join(FOLDER, "attack.tar.gz");
      writeFileSync(path, archive());
      const name = title === "the file as ./cco" ? "./cco" : ENTRY;
      assert.deepEqual(output("tar", ["-xzOf", path, name]), PAYLOAD, title);
    }
  },
);

test("unzip reads the harmless archives of the attack corpus as extractFile() does", {
  skip: absent("unzip"),
}, () => {
  const harmless = ATTACK_ARCHIVES["zip"].filter(({ outcome }) => outcome === "payload");
  assert(harmless.length > 15);
  for (const { title, archive } of harmless) {
    const path = join(FOLDER, "attack.zip");
    writeFileSync(path, archive());
    const name = title === "the file as ./cco" ? "./cco" : ENTRY;
    assert.deepEqual(output("unzip", ["-p", path, name]), PAYLOAD, title);
  }
});

/** A file of more pieces than a sparse header has room for, so that blocks of map follow it. */
function writePieces(path: string): void {
  const file = openSync(path, "w");
  for (let piece = 0; piece < 64; piece++) writeSync(file, OTHER, 0, OTHER.length, piece * 65536);
  closeSync(file);
}

function tarCase(entry: string, args: readonly string[]): Case {
  return { command: "tar", args: ["-cz", ...args], format: "tar.gz", entry };
}

function zipCase(args: readonly string[]): Case {
  return { command: "zip", args: ["-q", ...args, ...ALL], format: "zip", entry: ENTRY };
}

function made(command: string, args: readonly string[]): Uint8Array {
  rmSync(join(FOLDER, MADE), { force: true });
  const printed = output(command, args);
  return args.includes(MADE) ? new Uint8Array(readFileSync(join(FOLDER, MADE))) : printed;
}

/** Why a test that needs this command is skipped, if it is. */
function absent(command: string): string | false {
  const fits = { tar: /GNU tar/, gzip: /gzip/, zip: /Info-ZIP/, unzip: /Info-ZIP/ }[command]!;
  try {
    const version = execFileSync(command, [
      command.endsWith("zip") && command !== "gzip" ? "-v" : "--version",
    ]);
    return fits.test(`${version}`) ? false : `the command ${command} is another one here`;
  } catch {
    return `there is no command ${command} here`;
  }
}

function output(command: string, args: readonly string[]): Uint8Array {
  return new Uint8Array(execFileSync(command, args, { cwd: FOLDER, stdio: ["ignore", "pipe", "pipe"] }));
}
