/**
 * A systemd of a test's own: the first process of a pid namespace, with control groups, units, `/run`, `/tmp`, `/root` and
 * `/usr/local/bin` that nobody outside sees, and everything else of the machine read-only. Needs root on Linux.
 *
 * @module
 */

import { join } from "node:path";
import type { TestContext } from "node:test";

/**
 * What runs before systemd. It gets no units of the machine's: those would tidy up, mount and configure the machine as at a
 * start. Nothing is left of all this when its first process ends.
 */
const BOOT = `
set -e
mount --make-rprivate /
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/lock /run/keep /run/units
mount --bind "$WORK" /run/keep
mount -t tmpfs tmpfs /tmp
mkdir -p "$WORK"
mount --bind /run/keep "$WORK"
for folder in /etc /home /usr /opt /srv /var; do
  mount --bind $folder $folder
  mount -o remount,bind,ro $folder
done
for folder in /root /etc/systemd/system /usr/local/bin /var/tmp; do
  mount -t tmpfs tmpfs $folder
done
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
for unit in sysinit basic multi-user shutdown network-online timers; do
  printf '[Unit]\\nDescription=%s\\nDefaultDependencies=no\\n' $unit > /run/units/$unit.target
done
touch /run/booting
export container=lxc SYSTEMD_UNIT_PATH=/etc/systemd/system:/run/units
exec /lib/systemd/systemd --system --unit=multi-user.target --log-level=info --log-target=kmsg
`;

/** How a command within ended. */
export interface Within {
  readonly code: number;
  readonly text: string;
}

/** The systemd. */
export interface TestSystemd {
  /** Runs a command as root among what systemd has started. */
  readonly run: (
    command: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<Within>;
  /** A property of a unit, as `systemctl show` gives it. */
  readonly show: (unit: string, property: string) => Promise<string>;
}

/** Only against hanging. */
const PATIENCE = 120_000;

/** Why there can be no systemd here, `undefined` when there can. */
export function noSystemd(): string | undefined {
  if (Deno.build.os !== "linux") return "needs Linux";
  if (Deno.uid() !== 0) return "needs root";
  for (const path of ["/lib/systemd/systemd", "/usr/bin/unshare", "/usr/bin/nsenter"]) {
    if (!exists(path)) return `needs ${path}`;
  }
  const { success } = new Deno.Command("unshare", {
    args: [
      "-pfmCu",
      "--mount-proc",
      "sh",
      "-c",
      "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup",
    ],
    stderr: "null",
  }).outputSync();
  return success ? undefined : "needs the right to make namespaces and control groups";
}

/**
 * Starts a systemd, which ends with the test.
 *
 * @param t The test.
 * @param work A folder that it shares with the machine, at the same path.
 */
export async function startSystemd(t: Pick<TestContext, "after">, work: string): Promise<TestSystemd> {
  const child = new Deno.Command("unshare", {
    args: ["-pfmCu", "--mount-proc", "--kill-child", "bash", "-c", BOOT],
    env: { WORK: work },
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  t.after(async () => {
    child.kill("SIGKILL");
    await child.status;
  });
  const first = await firstProcess(child.pid);
  const run = async (
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Within> => {
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: ["-t", first, "-a", command, ...args],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...env },
      clearEnv: true,
      stdin: "null",
    }).output();
    return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const end = Date.now() + PATIENCE;
  while ((await run("systemctl", ["is-system-running"])).text.trim() !== "running") {
    if (Date.now() > end) throw new Error("systemd does not come up");
    await pause();
  }
  const show = async (unit: string, property: string): Promise<string> =>
    (await run("systemctl", ["show", "--value", "-p", property, unit])).text.trim();
  return { run, show };
}

/** The process that is number 1 within, once it is systemd: before that its commands would meet the machine itself. */
async function firstProcess(parent: number): Promise<string> {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const [pid] = (await textOf(`/proc/${parent}/task/${parent}/children`)).trim().split(" ");
    if (pid) {
      const root = join("/proc", pid, "root");
      const isSystemd = (await textOf(`/proc/${pid}/comm`)).trim() === "systemd";
      if (isSystemd && exists(join(root, "run/booting")) && exists(join(root, "run/systemd/private"))) {
        return pid;
      }
    }
    await pause();
  }
  throw new Error("systemd does not start");
}

async function textOf(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
