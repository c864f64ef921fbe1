/**
 * A steady load of requests for `/health`: some on fresh connections, some on kept ones.
 *
 * @module
 */

import { Agent, request } from "node:http";

/** What a load has seen. */
export interface Figures {
  /** How many requests were sent. */
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** Why requests failed: no answer, or another status than 200. */
  readonly failures: readonly string[];
  /** The longest time without a good answer, in milliseconds. */
  readonly gap: number;
  /** The versions that answered, in the order in which each was first heard. */
  readonly versions: readonly string[];
}

/** How many clients of each of the two kinds. */
export const CLIENTS = 4;
/** Pause of a client between two requests: together they send several hundred a second. */
const PAUSE = 8;

/**
 * Starts clients. A failed request is never sent again.
 *
 * @param port Where to.
 * @returns How to end them.
 */
export function startLoad(port: number): () => Promise<Figures> {
  const failures: string[] = [];
  const versions = new Set<string>();
  const begun = Date.now();
  let [requests, last, gap, isEnding] = [0, begun, 0, false];
  const kept = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const client = async (agent: Agent | false, kind: string): Promise<void> => {
    while (!isEnding) {
      requests++;
      try {
        versions.add(await versionAt(port, agent));
        gap = Math.max(gap, Date.now() - last);
        last = Date.now();
      } catch (error) {
        failures.push(`${kind}, after ${Date.now() - begun} ms: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };
  const clients = Array.from({ length: CLIENTS }, () => [client(false, "fresh"), client(kept, "kept")])
    .flat();
  return async () => {
    isEnding = true;
    await Promise.all(clients);
    kept.destroy();
    const rate = Math.round(requests / ((Date.now() - begun) / 1000));
    return { requests, rate, failures, gap, versions: [...versions] };
  };
}

function versionAt(port: number, agent: Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/health", agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => body += text);
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(body).version);
        else reject(new Error(`${response.statusCode} ${body}`));
      });
    });
    // A service that does not answer at all fails the request, too.
    asked.setTimeout(10_000, () => asked.destroy(new Error("no answer in 10 s")));
    asked.on("error", reject);
    asked.end();
  });
}
