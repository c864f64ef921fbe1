/** What is found out before anything is downloaded: identity, locks, mounts, room. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { atomicReplace } from "../../src/atomic_replace.ts";
import { downloadVerified } from "../../src/download_verified.ts";
import type { UpdateErrorCode } from "../../src/errors.ts";
import type { MemoryBehaviour, MemoryPrograms } from "../../src/runtime/memory.ts";
import { selfDescribing } from "../../src/runtime/memory/program.ts";
import { failsWith } from "../support/fails_with.ts";
import { appProgram, type MemoryPlace, memoryPlace, NEW, OLD } from "../support/memory_place.ts";

interface Refusal {
  readonly name: string;
  readonly os?: "linux" | "darwin";
  readonly make: (place: MemoryPlace) => void;
  readonly programs?: MemoryPrograms;
  readonly code: UpdateErrorCode;
  readonly says: RegExp;
}

const ENFORCE = "/sys/fs/selinux/enforce";
const MOUNTS = "/proc/self/mountinfo";

/** GNU cp that cannot, BusyBox cp, and a chcon that can or cannot. */
const tools = (answers: Readonly<Record<string, MemoryBehaviour>>): MemoryPrograms => (call) =>
  answers[call.path] ?? selfDescribing(call);
const BUSYBOX: MemoryBehaviour = {
  stderr: "cp: unrecognized option '--attributes-only'\nBusyBox v1.36.1\n",
  exitCode: 1,
};

const refusals: readonly Refusal[] = [
  {
    name: "an executable that another program mounted by itself",
    make: ({ machine }) => void machine.operations.fail("cross-device", ({ name }) => name === "link"),
    code: "REPLACE_FAILED",
    says: /if that file is mounted by itself, mount its folder instead; nothing was changed$/,
  },
  {
    name: "a folder that is immutable",
    make: ({ machine }) => machine.putFolder("/opt/app", { mode: 0o555 }),
    code: "NOT_WRITABLE",
    says:
      /look for an attribute i or a with 'lsattr -d \/opt\/app' and 'lsattr \/opt\/app', and take it away with 'chattr/,
  },
  {
    name: "an immutable executable on Linux",
    make: locked,
    code: "NOT_WRITABLE",
    says:
      /app is locked: .*immutable or append-only, as 'lsattr \S+app' shows; run 'sudo chattr -i -a \S+app' and/,
  },
  {
    name: "a locked executable on macOS",
    os: "darwin",
    make: locked,
    code: "NOT_WRITABLE",
    says: /as 'ls -lO \S+app' shows; run 'chflags nouchg,noschg \S+app' and try again/,
  },
  {
    name: "a folder on a file system mounted noexec",
    make: (place) =>
      void place.machine.put(MOUNTS, mounts(["/", "rw"], ["/opt", "rw,nosuid,noexec,relatime"])),
    code: "REPLACE_FAILED",
    says:
      /nothing can be run in \/opt\/app: the file system at \/opt is mounted noexec; run 'mount -o remount,exec \/opt'/,
  },
  {
    name: "an SELinux label that GNU cp must not set",
    make: (place) => withFiles(place, "/bin/cp", ENFORCE),
    programs: tools({
      "/bin/cp": {
        stderr: "cp: setting attribute 'security.selinux' for 'x': Operation not permitted\n",
        exitCode: 1,
      },
    }),
    code: "PRIVILEGED_TARGET",
    says:
      /app would lose what it has: cp: setting attribute 'security\.selinux' .*; install the new version by hand/,
  },
  {
    name: "an SELinux label and neither GNU cp nor chcon",
    make: (place) => withFiles(place, "/bin/cp", ENFORCE),
    programs: tools({ "/bin/cp": BUSYBOX }),
    code: "PRIVILEGED_TARGET",
    says: /app would lose what it has: its SELinux label cannot be copied: there is neither GNU cp nor chcon/,
  },
  {
    name: "an SELinux label that chcon must not set",
    make: (place) => withFiles(place, "/usr/bin/chcon", ENFORCE),
    programs: tools({
      "/usr/bin/chcon": {
        stderr: "chcon: failed to change context of 'x': Permission denied\n",
        exitCode: 1,
      },
    }),
    code: "PRIVILEGED_TARGET",
    says: /app would lose what it has: chcon: failed to change context/,
  },
];

for (const { name, os = "linux", make, programs, code, says } of refusals) {
  test(`downloadVerified() refuses ${name} before it downloads anything`, async () => {
    const place = memoryPlace({ os, ...(programs === undefined ? {} : { programs }) });
    place.publish();
    const update = await place.check();
    make(place);
    const before = place.folder();
    const error = await failsWith(downloadVerified(update, place.options), code);
    assert.match(error.message, /^Failed to install new binary: /);
    assert.match(error.message, says);
    assert.deepEqual(place.folder(), before);
    const fetched = place.machine.operations.log.filter((operation) => operation.name === "fetch");
    assert.equal(fetched.length, 1, "more than the manifest was fetched");
  });
}

const kept: [name: string, files: string[], programs: MemoryPrograms, expected: string[][]][] = [
  ["GNU cp copies all attributes, the label among them", ["/bin/cp", ENFORCE], tools({ "/bin/cp": {} }), [
    ["/bin/cp", "--attributes-only", "--preserve=ownership,xattr", "--"],
  ]],
  [
    "chcon copies the label where cp is BusyBox's",
    ["/bin/cp", "/bin/chcon", ENFORCE],
    tools({ "/bin/cp": BUSYBOX, "/bin/chcon": {} }),
    [["/bin/cp", "--attributes-only", "--preserve=ownership,xattr", "--"], [
      "/bin/chcon",
      "--reference=/opt/app/app",
    ]],
  ],
  ["no chcon is asked for without SELinux", ["/bin/cp", "/bin/chcon"], tools({ "/bin/cp": BUSYBOX }), [
    ["/bin/cp", "--attributes-only", "--preserve=ownership,xattr", "--"],
  ]],
];

for (const [name, files, programs, expected] of kept) {
  test(`an update keeps identity: ${name}`, async () => {
    const calls: string[][] = [];
    const place = memoryPlace({
      programs: (call) => {
        if (!call.path.startsWith("/opt/")) calls.push([call.path, ...call.args]);
        return programs(call);
      },
    });
    withFiles(place, ...files);
    const staged = await place.staged();
    // Once for the empty file that is tried, once for the new executable.
    assert.deepEqual(
      calls.map((call) => call.filter((word) => !/^\/opt\/app\/\.?app/.test(word))),
      [...expected, ...expected],
    );
    assert.equal((await atomicReplace(staged, place.options)).outcome, "updated");
  });
}

const tables: [name: string, lines: string, isRefused: boolean][] = [
  [
    "the folder is on a mount below the one with noexec",
    mounts(["/", "rw,noexec"], ["/opt/app", "rw"]),
    false,
  ],
  ["another mount hides the one with noexec", mounts(["/opt", "rw,noexec"], ["/opt", "rw"]), false],
  ["the one with noexec hides another", mounts(["/opt", "rw"], ["/opt", "rw,noexec"]), true],
  ["the mount's name only begins like the folder's", mounts(["/opt/ap", "rw,noexec"]), false],
  ["the whole disk is", mounts(["/", "ro,noexec"]), true],
  ["only an option's name has it inside", mounts(["/opt", "rw,x-noexecute"]), false],
  ["the table cannot be read", "\n\0 nonsense\n", false],
];

for (const [name, lines, isRefused] of tables) {
  test(`the mount table decides about noexec: ${isRefused ? "refused" : "allowed"} when ${name}`, async () => {
    const place = memoryPlace();
    place.machine.put(MOUNTS, lines);
    const staging = place.staged();
    if (isRefused) await failsWith(staging, "REPLACE_FAILED");
    else await (await staging).discard();
  });
}

test("the mount table writes blanks in octal, and the message does not", async () => {
  const place = memoryPlace();
  place.machine.put("/opt/my app/app", appProgram(OLD), { mode: 0o755 });
  place.machine.put(MOUNTS, mounts(["/opt/my\\040app", "rw,noexec"]));
  place.publish();
  const update = await place.check();
  const options = { ...place.options, executable: "/opt/my app/app" };
  const error = await failsWith(downloadVerified(update, options), "REPLACE_FAILED");
  assert.match(error.message, /the file system at \/opt\/my app is mounted noexec/);
});

test("room for the backup is asked for where it has to be a copy, and only there", async () => {
  const capacity = 10_000;
  for (const hasLinks of [true, false]) {
    const place = memoryPlace({ devices: [{ path: "/opt/app", capacity }] });
    place.machine.put("/opt/app/app", appProgram(OLD, { stderr: "x".repeat(4000) }));
    if (!hasLinks) place.machine.operations.fail("unsupported", ({ name }) => name === "link");
    const staging = place.staged({ content: appProgram(NEW, { stderr: "x".repeat(3000) }) });
    if (hasLinks) {
      assert.equal((await atomicReplace(await staging, place.options)).outcome, "updated");
      continue;
    }
    const { details } = await failsWith(staging, "DISK_FULL");
    assert("needed" in details && Number(details.needed) > 7000);
    assert.deepEqual(Object.keys(place.folder()), ["app"]);
  }
});

function locked({ machine, executable }: MemoryPlace): void {
  // Nobody can link, rename or replace an immutable file; anything else in its folder can be.
  const isLocked = (name: string, ...paths: (string | undefined)[]) =>
    ["link", "rename", "remove", "chmod"].includes(name) && paths.includes(executable);
  machine.operations.fail("denied", ({ name, path, to }) => isLocked(name, path, to));
}

function withFiles({ machine }: MemoryPlace, ...paths: string[]): void {
  for (const path of paths) machine.put(path, "there", { mode: 0o755 });
}

function mounts(...lines: [point: string, options: string][]): string {
  return lines.map(([point, options], index) =>
    `${index + 21} 1 8:${index} / ${point} ${options} shared:1 - ext4 /dev/sda${index} rw,noexec\n`
  ).join("");
}
