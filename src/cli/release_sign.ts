/**
 * `cco release sign FILE`: a signature beside it.
 *
 * @module
 */

import type { Invocation } from "./invocation.ts";
import { secretKeys } from "./release_keys.ts";
import { absolutePath, usage, writeOptions } from "./release_options.ts";
import { publishing } from "./release_publishing.ts";
import { sayWritten } from "./release_result.ts";

/**
 * Signs a file of any size.
 *
 * @param invocation The run.
 * @returns The exit code.
 */
export async function releaseSign(invocation: Invocation): Promise<number> {
  const path = await absolutePath(invocation, invocation.parsed.values[0]!);
  const { signature, trustedComment } = await publishing(async (publish) => {
    const [key, ...more] = await secretKeys(invocation, publish, "key");
    if (more.length > 0) throw usage("Give one key. Run it again with --append for the next");
    return await publish.sign(path, {
      app: invocation.flag("app") ?? "cco",
      key: key!,
      append: invocation.has("append"),
      ...writeOptions(invocation),
    });
  });
  const changes = [`signed: ${trustedComment}`];
  return sayWritten(invocation, { changes, files: [signature] }, { trustedComment });
}
