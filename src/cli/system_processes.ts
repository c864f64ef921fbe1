/**
 * The processes of this machine, as the system has them.
 *
 * @module
 */

import type { Processes, Started, Wishes } from "./processes.ts";

/** Processes of this machine. On Windows nobody can be asked to end: there `gracefully` ends it too. */
export const systemProcesses: Processes = {
  start,
  end,
  listen,
  notify: async (address, message) => await (await import("./console_notify.ts")).notify(address, message),
};

/**
 * What each signal means. Windows has none: it turns Ctrl-C, Ctrl-Break and a console that closes into these, and does not
 * wait after the last one.
 */
export const SIGNALS = {
  posix: { stop: ["SIGINT", "SIGTERM"], reload: ["SIGHUP"] },
  windows: { stop: ["SIGINT", "SIGBREAK", "SIGHUP"], reload: [] },
} as const;

async function start(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const [{ spawn }, { default: process }] = await Promise.all([
    import("node:child_process"),
    import("node:process"),
  ]);
  const child = spawn(path, [...args], {
    detached: true,
    stdio: "ignore",
    windowsHide: true,
    env: { ...process.env, ...env },
  });
  let hasEnded = false;
  let exitCode: number | undefined;
  const ended = new Promise<void>((resolve) =>
    child.once("exit", (code: number | null) => {
      hasEnded = true;
      exitCode = code ?? undefined;
      resolve();
    })
  );
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", resolve);
  });
  child.unref();
  return { pid: child.pid!, hasEnded: () => hasEnded, exitCode: () => exitCode, ended };
}

async function end(pid: number, how: "gracefully" | "forcibly"): Promise<void> {
  const { kill } = await import("node:process");
  try {
    kill(pid, how === "gracefully" ? "SIGTERM" : "SIGKILL");
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}

async function listen(): Promise<Wishes> {
  const { default: process } = await import("node:process");
  const controller = new AbortController();
  const { stop, reload } = SIGNALS[process.platform === "win32" ? "windows" : "posix"];
  for (const name of stop) {
    process.on(name, () => {
      // A second Ctrl-C, while the first is still being answered, ends the process at once.
      if (controller.signal.aborted && name === "SIGINT") process.exit(130);
      controller.abort();
    });
  }
  const listeners = new Set<() => void>();
  for (const name of reload) process.on(name, () => listeners.forEach((listener) => listener()));
  return {
    stop: controller.signal,
    onReload(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
