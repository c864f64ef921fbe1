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
  /** How many requests on fresh connections an older version has answered after a newer one had been heard. */
  readonly returns: number;
}

/** How many clients of each of the two kinds. */
export const CLIENTS = 4;
/** The service says `Keep-Alive: timeout=5`: for most of that a connection can be used. */
const KEPT = 4000;
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
  let [requests, returns, last, gap, isEnding] = [0, 0, begun, 0, false];
  const client = async (kind: "fresh" | "kept"): Promise<void> => {
    let agent = kind === "kept" && new Agent({ keepAlive: true });
    for (let at = Date.now(); !isEnding; at = Date.now()) {
      requests++;
      const [newest] = [...versions].slice(-1);
      try {
        const version = await versionAt(port, agent);
        versions.add(version);
        if (
          kind === "fresh" && newest !== undefined &&
          [...versions].indexOf(version) < [...versions].indexOf(newest)
        ) {
          returns++;
        }
        gap = Math.max(gap, Date.now() - last);
        last = Date.now();
      } catch (error) {
        failures.push(`${kind}, after ${Date.now() - begun} ms: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      // A client that did not get to run for so long knows that its connection is not kept any longer.
      if (agent && Date.now() - at > KEPT) {
        agent.destroy();
        agent = new Agent({ keepAlive: true });
      }
    }
    if (agent) agent.destroy();
  };
  const clients = Array.from({ length: CLIENTS }, () => [client("fresh"), client("kept")]).flat();
  return async () => {
    isEnding = true;
    await Promise.all(clients);
    const rate = Math.round(requests / ((Date.now() - begun) / 1000));
    return { requests, rate, failures, gap, versions: [...versions], returns };
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
    asked.setTimeout(60_000, () => asked.destroy(new Error("no answer in a minute")));
    asked.on("error", reject);
    asked.end();
  });
}
