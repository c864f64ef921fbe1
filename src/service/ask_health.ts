/**
 * Asking a service on this machine how it is.
 *
 * @module
 */

import type { HealthDocument } from "./health.ts";

/** A service on this machine answers at once or is stuck. */
const PATIENCE = 2000;
const BODY_BYTES = 16 * 1024;

/**
 * Asks a service. Not with `fetch`: a proxy for the internet does not know this machine's own addresses.
 *
 * @param at The address and the port that it listens on.
 * @returns What it says, or `undefined` when it does not answer in two seconds or with something else.
 */
export async function askHealth({ host, port }: { host: string; port: number }): Promise<
  HealthDocument | undefined
> {
  const { request } = await import("node:http");
  return await new Promise((resolve) => {
    const give = (document?: HealthDocument): void => {
      clearTimeout(late);
      asked.destroy();
      resolve(document);
    };
    const asked = request({ host: reachable(host), port, path: "/health", agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
        if (body.length > BODY_BYTES) give();
      });
      response.on("end", () => give(parse(body)));
      response.on("error", () => give());
    });
    const late = setTimeout(() => give(), PATIENCE);
    asked.on("error", () => give());
    asked.end();
  });
}

/**
 * The address of a service, as a person opens it.
 *
 * @param at The address and the port that it listens on.
 * @returns Such as `http://127.0.0.1:3000`.
 */
export function addressOf({ host, port }: { host: string; port: number }): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** One that listens everywhere is asked here. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function parse(body: string): HealthDocument | undefined {
  try {
    const value: Partial<HealthDocument> = JSON.parse(body);
    const isWhole = typeof value.status === "string" && typeof value.version === "string" &&
      typeof value.pid === "number" && typeof value.uptime === "number";
    return isWhole ? value as HealthDocument : undefined;
  } catch {
    return undefined;
  }
}
