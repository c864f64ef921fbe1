/**
 * A compiled `cco` in a home of its own that serves, installs by itself, and is offered new versions, good and bad.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileDigest } from "../../../scripts/build_cache.ts";
import { packExecutable } from "../../../scripts/compile/archives.ts";
import { hostPlatform } from "../../../scripts/compile/platforms.ts";
import type { Home } from "../../../scripts/demo/home.ts";
import { publishManifest } from "../../../scripts/demo/release.ts";
import { RELEASE_KEY } from "../../support/deno/compiled_version.ts";
import { NEW, type Published, published } from "../../support/deno/published.ts";
import { freePort } from "../../support/free_port.ts";

/** Only against hanging: what is waited for is an event, whenever it comes. */
const PATIENCE = 180_000;

/** Runs a test in a home with the older version; its service is stopped before the home is removed. */
export async function serving(
  t: Pick<TestContext, "after">,
  body: (home: Home, port: number, release: Published) => Promise<void>,
): Promise<void> {
  const release = await published(t);
  const { home } = release;
  try {
    await body(home, await freePort(), release);
  } finally {
    await home.run("daemon", "stop");
  }
}

/** The answer of `/health`. */
export async function healthAt(port: number): Promise<{ status: number; body: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`);
  return { status: answer.status, body: await answer.text() };
}

/** Starts a service that installs by itself and is due now; probation is the default unless given. */
export async function startInstalling(home: Home, port: number, probation?: string): Promise<void> {
  await prepareInstalling(home, port, probation);
  const start = await home.run("daemon", "start");
  assert.equal(start.code, 0, start.stderr);
}

/** What is needed for that before the start. */
export async function prepareInstalling(home: Home, port: number, probation?: string): Promise<void> {
  const settings = {
    "updates.auto_install": "true",
    "service.port": port,
    ...(probation === undefined ? {} : { "service.probation": probation }),
  };
  for (const [key, value] of Object.entries(settings)) {
    const answer = await home.run("config", "set", key, `${value}`);
    assert.equal(answer.code, 0, answer.stderr);
  }
  await makeDue(home);
}

/** The next check is due at once. */
export async function makeDue(home: Home): Promise<void> {
  const state = join(home.folder, ".local/state/cco");
  await Deno.mkdir(state, { recursive: true });
  const due = JSON.stringify({ next: 0, failures: 0, isWaiting: false });
  await Deno.writeTextFile(join(state, "background.json"), due);
}

/** The log once it has a text. */
export async function logWith(home: Home, text: string): Promise<string> {
  const path = join(home.folder, ".local/state/cco/logs/cco.log");
  let log = "";
  return await until(async () => {
    log = await Deno.readTextFile(path).catch(() => "");
    return log.includes(text) && log;
  }, () => log);
}

/** What a question answers once it answers with something. */
export async function until<T>(
  ask: () => Promise<T | false | undefined>,
  why: () => string = () => "it never happened",
): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (Date.now() >= end) assert.fail(why());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Publishes a script as the newer version: it answers the probe, and does something else for everything else. */
export async function publishScript(
  { server, manifest }: Published,
  folder: string,
  command: string,
): Promise<void> {
  const script = join(folder, "cco");
  const probe = `if [ "$1" = --version ]; then echo "cco ${NEW}"; exit 0; fi`;
  await Deno.writeTextFile(script, `#!/bin/sh\n${probe}\n${command}\n`);
  const archive = join(folder, "bad.tar.gz");
  await packExecutable(script, archive, "tar.gz");
  const { size } = await Deno.stat(archive);
  Object.assign(manifest.versions[NEW]!.platforms[hostPlatform()]!, {
    url: `${server.base}bad.tar.gz`,
    sha256: await fileDigest(archive),
    size,
    binary: { path: "cco", sha256: await fileDigest(script), size: (await Deno.stat(script)).size },
  });
  server.files.set("bad.tar.gz", archive);
  await publishManifest(server, manifest, RELEASE_KEY);
}
