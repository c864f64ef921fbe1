/**
 * Another file in the place of the authorities that the system trusts.
 *
 * @module
 */

import type { Home, Output } from "../../../scripts/demo/home.ts";

const SYSTEM_STORE = "/etc/ssl/certs/ca-certificates.crt";

/** Why the store cannot be exchanged here, or `false`: it is done in a mount namespace of its own, which nobody else sees. */
export function storeReason(): string | false {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return "only root on Linux can put another store in its place";
  }
  const script = `mount --bind ${SYSTEM_STORE} ${SYSTEM_STORE}`;
  try {
    const { success } = new Deno.Command("unshare", { args: ["-m", "sh", "-c", script], stderr: "null" })
      .outputSync();
    return success ? false : `nothing can be mounted over ${SYSTEM_STORE} here`;
  } catch {
    return "the program unshare is not installed";
  }
}

/** Runs the installed `cco` where only this authority is trusted. */
export async function runWithStore(home: Home, ca: string, args: string[]): Promise<Output> {
  const script = `mount --bind "$0" ${SYSTEM_STORE} && exec "$@"`;
  const command = new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", script, ca, home.executable, ...args],
    env: home.env,
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
