/**
 * A company on this machine: nginx, a proxy with a password and an authority of its own, and an employee who has `cco`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { Home, type Output } from "../../../scripts/demo/home.ts";
import {
  type Certificate,
  makeCertificate,
  missing,
  type Peer,
  startNginx,
  startTinyproxy,
} from "../../transport/support/peers.ts";
import { noSecretsIn, noSecretsUnder } from "./secrets.ts";
import { runWithStore } from "./system_store.ts";
import { type PublishedFolder, publishInto } from "./www.ts";

/** Whom the proxy lets through. */
const USER = "updater";

/** His password, which must not turn up anywhere. */
export const PASSWORD = "canary-password";

/** A release behind nginx, a proxy beside it, and a home that has the older version. */
export interface Company extends PublishedFolder {
  readonly folder: string;
  readonly nginx: Peer;
  readonly proxy: Peer;
  /** The proxy's address, with user and password. */
  readonly proxyAddress: string;
  readonly certificate: Certificate;
  /** The address of the manifest. */
  readonly source: string;
}

/** Registers a test with real servers; it is skipped for a reason of its own, or where one is not installed. */
export function peersTest(
  title: string,
  reason: string | false,
  body: (t: TestContext) => Promise<void>,
): void {
  const skip = reason || missing("nginx", "tinyproxy", "openssl");
  if (skip) console.log(`skipped: ${title}: ${skip}`);
  test(title, { skip }, (t) => body(t as TestContext));
}

/** Starts the servers, which are ended after the test. */
export async function companyFor(t: TestContext, tls: boolean): Promise<Company> {
  const folder = await Deno.makeTempDir({ prefix: "cco-company-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const www = join(folder, "www");
  await Deno.mkdir(www);
  const release = await publishInto(www);
  const certificate = await makeCertificate(folder);
  const nginx = await startNginx(folder, tls ? certificate : undefined);
  t.after(() => nginx.stop());
  const proxy = await startTinyproxy(folder, USER, PASSWORD);
  t.after(() => proxy.stop());
  const proxyAddress = `http://${USER}:${PASSWORD}@127.0.0.1:${proxy.port}`;
  const source = `${tls ? "https" : "http"}://127.0.0.1:${nginx.port}/version-manifest.json`;
  return { ...release, folder, nginx, proxy, proxyAddress, certificate, source };
}

/** Runs the installed `cco` with arguments. */
export type Run = ((...args: string[]) => Promise<Output>) & { readonly home: Home };

/** Installs the older version; what it prints and leaves behind is searched for secrets after every run (T32). */
export async function installed(
  t: TestContext,
  { source, old, certificate }: Company,
  env: Record<string, string>,
  { inStore = false }: { inStore?: boolean } = {},
): Promise<Run> {
  const home = await Home.make({ CCO_UPDATES_SOURCES: source, ...env });
  t.after(() => home[Symbol.asyncDispose]());
  await home.install(old.path);
  assert.equal(await fileDigest(home.executable), old.sha256);
  const run = async (...args: string[]): Promise<Output> => {
    const output = inStore ? await runWithStore(home, certificate.ca, args) : await home.run(...args);
    noSecretsIn(output.stdout + output.stderr, args.join(" "));
    await noSecretsUnder(home.folder, { except: [dirname(home.executable)] });
    return output;
  };
  return Object.assign(run, { home });
}

/** One line of nginx's log. */
export interface Line {
  readonly client: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

/** What nginx was asked for. */
export async function logOf({ log }: Peer): Promise<Line[]> {
  const lines = (await Deno.readTextFile(log)).split("\n");
  return lines.flatMap((line) => {
    const [, client, path, status, bytes] = /^(\S+) .*"GET (\S+) [^"]*" (\d+) (\d+)/.exec(line) ?? [];
    if (client === undefined || path === undefined) return [];
    return [{ client, path, status: Number(status), bytes: Number(bytes) }];
  });
}
