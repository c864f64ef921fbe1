/** Hostile surroundings: what the compiled program says, and that it leaves everything as it was. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { publishManifest } from "../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { must, prepared, skipWithout } from "./support/means.ts";
import { NOBODY, Scene } from "./support/scene.ts";
import { stepThrough } from "./support/stepped.ts";

interface Surroundings {
  readonly title: string;
  /** Puts the older version there, and makes its surroundings what they are. */
  readonly make: (scene: Scene) => Promise<void>;
  /** Who updates; root when absent. */
  readonly user?: number;
  /** What is said when it fails; nothing when the update succeeds. */
  readonly says?: RegExp;
  /** Whether that is found out before anything is downloaded. */
  readonly isEarly?: boolean;
  /** What must hold after the update. */
  readonly check?: (scene: Scene) => Promise<void>;
}

const MIB = 1024 * 1024;
const NO_ROOM = /cannot write in .*\/bin: the disk is full; make room there and try again\n$/;
const FULL =
  /the disk is full at .*\/bin: \d+ bytes are needed, \d+ are free; make room there and try again\n$/;
const STATE_FULL =
  /the disk is full at .*\/downloads: \d+ bytes are needed, \d+ are free; make room there and try again\n$/;
const DENIED = /cannot write in .*\/bin: permission denied; fix the permissions of that folder/;

const LABEL = "system_u:object_r:bin_t:s0";
const LOCKED =
  /bin\/cco is locked: it is immutable or append-only, as 'lsattr .*' shows; run 'sudo chattr -i -a .*' and try again\n$/;

const TABLE: readonly Surroundings[] = [
  // As much as the executable is needed once more, and nothing for the backup.
  {
    title: "nothing free beside it",
    make: (scene) => installOnTmpfs(scene, 0),
    says: NO_ROOM,
    isEarly: true,
  },
  { title: "1 MiB free beside it", make: (scene) => installOnTmpfs(scene, 1), says: FULL, isEarly: true },
  { title: "50 MiB free beside it", make: (scene) => installOnTmpfs(scene, 50), says: FULL, isEarly: true },
  {
    title: "1 MiB less free beside it than the executable has",
    make: (scene) => installOnTmpfs(scene, Math.floor(scene.place.new.size / MIB) - 1),
    says: FULL,
    isEarly: true,
  },
  {
    title: "3 MiB more free beside it than the executable has",
    make: (scene) => installOnTmpfs(scene, Math.floor(scene.place.new.size / MIB) + 3),
  },
  {
    title: "nothing free for the state",
    make: (scene) => stateOnTmpfs(scene, 0),
    says: STATE_FULL,
    isEarly: true,
  },
  {
    title: "1 MiB free for the state",
    make: (scene) => stateOnTmpfs(scene, 1),
    says: STATE_FULL,
    isEarly: true,
  },
  {
    title: "20 MiB free for the state",
    make: (scene) => stateOnTmpfs(scene, 20),
    says: STATE_FULL,
    isEarly: true,
  },
  { title: "an archive downloaded to another file system", make: (scene) => stateOnTmpfs(scene, 200) },
  {
    title: "a bare executable downloaded to another file system",
    make: async (scene) => {
      await stateOnTmpfs(scene, 200);
      await scene.publishRaw((manifest) => publishManifest(scene.place.server, manifest, RELEASE_KEY));
    },
  },
  {
    title: "a folder that the user cannot write to",
    make: async (scene) => {
      await scene.install();
      await Deno.chown(scene.file, NOBODY, NOBODY);
      await Deno.chown(scene.state, NOBODY, NOBODY);
    },
    user: NOBODY,
    says: DENIED,
    isEarly: true,
  },
  {
    title: "a file of another user",
    make: async (scene) => {
      await scene.install();
      await Deno.chown(scene.file, 1234, 1234);
      for (const folder of [scene.bin, scene.state]) await Deno.chown(folder, NOBODY, NOBODY);
    },
    user: NOBODY,
    says: /it belongs to user 1234, a new file would belong to user 65534; install the new version by hand/,
    isEarly: true,
  },
  {
    title: "a read-only mount",
    make: async (scene) => {
      await scene.install();
      await scene.mount(scene.bin, "--bind", scene.bin);
      await must("mount", "-o", "remount,bind,ro", scene.bin);
    },
    says: /cannot write in .*: the file system is read-only; mount it writable/,
    isEarly: true,
  },
  {
    title: "an immutable file",
    make: async (scene) => {
      await scene.install();
      await chattr(scene, "i", scene.file);
    },
    says: LOCKED,
    isEarly: true,
  },
  {
    title: "an append-only file",
    make: async (scene) => {
      await scene.install();
      await chattr(scene, "a", scene.file);
    },
    says: LOCKED,
    isEarly: true,
  },
  {
    title: "an immutable folder",
    make: async (scene) => {
      await scene.install();
      await chattr(scene, "i", scene.bin);
    },
    says: DENIED,
    isEarly: true,
  },
  {
    title: "a setuid file",
    make: async (scene) => {
      await scene.install();
      await Deno.chmod(scene.file, 0o4755);
    },
    says: /is not replaced: it is setuid or setgid, which a new file would not be; install/,
    isEarly: true,
  },
  {
    title: "capabilities, as a user who cannot give them",
    make: async (scene) => {
      await scene.install();
      for (const path of [scene.file, scene.bin, scene.state]) await Deno.chown(path, NOBODY, NOBODY);
      await must("setcap", "cap_net_bind_service=ep", scene.file);
    },
    user: NOBODY,
    says: /would lose what it has: .*; install the new version by hand/,
    isEarly: true,
  },
  {
    title: "capabilities, as root",
    make: async (scene) => {
      await scene.install();
      await must("setcap", "cap_net_bind_service=ep", scene.file);
    },
    check: async ({ file }) => assert.equal(await must("getcap", file), `${file} cap_net_bind_service=ep\n`),
  },
  {
    title: "an extended attribute",
    make: async (scene) => {
      await scene.install();
      await must("setfattr", "-n", "user.note", "-v", "kept", scene.file);
    },
    check: async ({ file }) =>
      assert.equal(await must("getfattr", "--only-values", "-n", "user.note", file), "kept"),
  },
  {
    title: "an SELinux label",
    make: async (scene) => {
      await scene.install();
      await must("setfattr", "-n", "security.selinux", "-v", LABEL, scene.file);
    },
    check: async ({ file }) =>
      assert.equal(await must("getfattr", "--only-values", "-n", "security.selinux", file), LABEL),
  },
  {
    title: "an SELinux label on an ext4 of its own",
    make: async (scene) => {
      const image = join(scene.state, "image");
      await must("truncate", "-s", "400M", image);
      await must("mkfs.ext4", "-q", image);
      await scene.mount(scene.bin, "-o", "loop", image);
      await Deno.remove(join(scene.bin, "lost+found"));
      await scene.install();
      await must("setfattr", "-n", "security.selinux", "-v", LABEL, scene.file);
    },
    check: async ({ file }) => {
      for (const path of [file, `${file}.backup`]) {
        assert.equal(await must("getfattr", "--only-values", "-n", "security.selinux", path), LABEL);
      }
    },
  },
  {
    title: "another owner and other permissions, as root",
    make: async (scene) => {
      await scene.install();
      await Deno.chown(scene.file, 1234, 4321);
      await Deno.chmod(scene.file, 0o750);
    },
    check: async ({ file }) => {
      const { uid, gid, mode } = await Deno.stat(file);
      assert.deepEqual({ uid, gid, mode: (mode ?? 0) & 0o7777 }, { uid: 1234, gid: 4321, mode: 0o750 });
    },
  },
  {
    title: "a chain of symbolic links",
    make: async (scene) => {
      await scene.install();
      await Deno.symlink("../bin/cco", join(scene.state, "second"));
      await Deno.symlink(join(scene.state, "second"), join(scene.state, "first"));
      scene.executable = join(scene.state, "first");
    },
    check: async ({ state }) => {
      assert.equal(await Deno.readLink(join(state, "first")), join(state, "second"));
      assert.equal(await Deno.readLink(join(state, "second")), "../bin/cco");
    },
  },
];

for (const { title, make, user, says, isEarly = false, check } of TABLE) {
  test(`an update with ${title} ${says === undefined ? "succeeds" : "is refused and changes nothing"}`, {
    skip: skipWithout("mount", "setpriv", "setcap", "getcap", "setfattr", "getfattr", "chattr"),
  }, async (t) => {
    const scene = await Scene.set(t);
    if (!await prepared(t, () => make(scene))) return;
    const before = await scene.names();
    const { code, stdout, stderr } = await scene.run(["update", "--yes"], user);
    console.log(`${title}: exit code ${code}${says === undefined ? "" : `, ${stderr.trim()}`}`);
    assert.equal(code, says === undefined ? 0 : 5, stdout + stderr);
    if (says !== undefined) {
      assert.match(stderr, /^Failed to install new binary: /);
      assert.match(stderr, says);
    }
    assert.equal(await scene.installed(), says === undefined ? "new" : "old");
    assert.deepEqual(await scene.names(), says === undefined ? [...before, "cco.backup"].sort() : before);
    if (isEarly) assert.equal(scene.downloads, 0, "it was downloaded although it could not be installed");
    await check?.(scene);
  });
}

interface Noexec {
  readonly title: string;
  /** The call after which nothing can be run there any more. */
  readonly after: RegExp;
  readonly code: string;
  readonly says: RegExp;
  readonly downloads: number;
}

const NOEXEC: readonly Noexec[] = [
  {
    title: "before it has begun",
    after: /^mkdir.*state/,
    code: "REPLACE_FAILED",
    says:
      /nothing can be run in \S+\/bin: the file system at \S+\/bin is mounted noexec; run 'mount -o remount,exec /,
    downloads: 0,
  },
  {
    title: "while it downloads",
    after: /\.cco\.update\.json"/,
    code: "PROBE_FAILED",
    says: /the system did not let it start: look for a file system mounted noexec, or a security policy$/,
    downloads: 1,
  },
];

for (const { title, after, code: expected, says, downloads } of NOEXEC) {
  test(`an update on a file system that becomes noexec ${title} is refused and changes nothing`, {
    skip: skipWithout("mount", "strace"),
  }, async (t) => {
    const scene = await Scene.set(t);
    if (!await prepared(t, () => installOnTmpfs(scene, 150))) return;
    const { executable, env } = scene;
    let isDone = false;
    const { code, stdout } = await stepThrough(
      executable,
      { args: ["update", "--yes", "--json"], env },
      async ({ text }): Promise<"continue"> => {
        if (!isDone && after.test(text)) {
          isDone = true;
          await must("mount", "-o", "remount,noexec", scene.bin);
        }
        return "continue";
      },
    );
    assert.ok(isDone, "there was no such call");
    console.log(`noexec ${title}: exit code ${code}, ${stdout.trim()}`);
    assert.equal(code, 5, stdout);
    const { error } = JSON.parse(stdout);
    assert.equal(error.code, expected);
    assert.match(error.message, says);
    assert.equal(scene.downloads, downloads);
    assert.equal(await scene.installed(), "old");
    assert.deepEqual(await scene.names(), ["cco"]);
    // The version was not to blame: it is offered as soon as the mount is mended.
    await must("mount", "-o", "remount,exec", scene.bin);
    const again = await scene.run(["update", "--yes"]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await scene.installed(), "new");
  });
}

/** A file system of its own for the executable, with so many MiB free. */
async function installOnTmpfs(scene: Scene, free: number): Promise<void> {
  const used = Math.ceil(scene.place.old.size / MIB);
  await scene.mount(scene.bin, "-t", "tmpfs", "-o", `size=${used + free}m,mode=755`, "tmpfs");
  await scene.install();
  if (free === 0) await fill(scene.bin);
}

async function stateOnTmpfs(scene: Scene, free: number): Promise<void> {
  await scene.install();
  await scene.mount(scene.state, "-t", "tmpfs", "-o", `size=${Math.max(free, 1)}m,mode=755`, "tmpfs");
  if (free === 0) await fill(scene.state);
}

/** Writes until nothing more fits. */
async function fill(folder: string): Promise<void> {
  using file = await Deno.open(join(folder, "filler"), { write: true, create: true });
  const zeros = new Uint8Array(4096);
  try {
    for (;;) await file.write(zeros);
  } catch (error) {
    if (!(error instanceof Error) || !/os error 28/.test(error.message)) throw error;
  }
}

async function chattr(scene: Scene, attribute: "i" | "a", path: string): Promise<void> {
  await must("chattr", `+${attribute}`, path); // not every file system can
  scene.after(() => must("chattr", `-${attribute}`, path));
}
