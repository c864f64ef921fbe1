/**
 * A program that downloads one file and says how it went, in a process of its own: the runtimes read the variables of
 * proxies and certificates once, at their start. Arguments: address, folder, and as JSON the options of `networkFetch`.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { isUpdateError } from "../../../src/errors.ts";
import { download } from "../../../src/resume.ts";
import { systemRuntime } from "../../../src/runtime/default.ts";
import { networkFetch, type NetworkOptions } from "../../../src/runtime/network.ts";

const [url = "", folder = "", network] = process.argv.slice(2);
const system = systemRuntime();
try {
  const options = JSON.parse(network || "null") as NetworkOptions | null;
  const runtime = options ? { ...system, fetch: await networkFetch(options) } : system;
  const token = [{ origin: new URL(url).origin, value: process.env["TEST_TOKEN"] ?? "" }];
  const done = await download(runtime, { urls: [url], path: join(folder, "part"), maxBytes: 1e9 }, {
    retries: 0,
    ...(process.env["TEST_TOKEN"] ? { token } : {}),
  });
  console.log(JSON.stringify({ outcome: done.sha256 }));
} catch (error) {
  const outcome = isUpdateError(error) ? error.code : "unexpected";
  console.log(
    JSON.stringify({ outcome, message: (error as Error).message, all: inspect(error, { depth: 9 }) }),
  );
}
