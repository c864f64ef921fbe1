/**
 * Runs `client.ts` in a process of its own, and reads who asked a server.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PASSWORD, USER } from "./peer_case.ts";

/** What a client in a process of its own says. */
export interface Report {
  readonly outcome: string;
  readonly message?: string;
}

/** Downloads an address with these variables and options; no secret may turn up in what is printed. */
export async function client(
  url: string,
  folder: string,
  env: Record<string, string>,
  network?: object,
): Promise<Report> {
  const script = fileURLToPath(import.meta.url).replace(/client_process\.(\w+)$/, "client.$1");
  const run = "Deno" in globalThis ? ["run", "--allow-all", "--no-check", "--quiet"] : [];
  const target = await mkdtemp(join(folder, "client-"));
  const args = [...run, script, url, target, network ? JSON.stringify(network) : ""];
  const inherited = Object.entries(process.env).filter(([name]) =>
    !/proxy|ssl_cert|extra_ca|tls_ca/i.test(name)
  );
  const output = await new Promise<string>((resolve, reject) => {
    const options = { env: { ...Object.fromEntries(inherited), ...env } };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
  });
  for (
    const secret of [
      "canary",
      encodeURIComponent(PASSWORD),
      Buffer.from(`${USER}:${PASSWORD}`).toString("base64"),
    ]
  ) {
    assert(!output.includes(secret), `a secret is in the output: ${output}`);
  }
  return JSON.parse(output.split("\n").find((line) => line.startsWith("{")) ?? "{}");
}

/** Who asked: the first word of each line of nginx's log. */
export async function clientsIn(log: string): Promise<string[]> {
  const lines = (await readFile(log, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split(" ")[0] ?? "");
}
