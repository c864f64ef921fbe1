/** Secrets of the environment and of addresses appear in no byte that a compiled `cco` prints or keeps (T32). */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { packExecutable } from "../../scripts/compile/archives.ts";
import { fileDigest } from "../../scripts/build_cache.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { Home } from "../../scripts/demo/home.ts";
import { signMessage } from "../../src/minisign_secret.ts";
import type { Fault } from "../../src/testing/fault.ts";
import { type FaultServer, startFaultServer } from "../../src/testing/fault_server.ts";
import { compiledVersion, RELEASE_KEY } from "../support/deno/compiled_version.ts";
import { executableOf, NEW, OLD } from "../support/deno/published.ts";
import { noSecretsIn, noSecretsUnder } from "../support/deno/secrets.ts";
import { freePort } from "../support/free_port.ts";

const SKIP = Deno.build.os === "windows" ? "the new version is a shell script" : false;
const STEPS = ["/version-manifest.json", "/version-manifest.json.minisig", "/cco.tar.gz"] as const;
/** Not one of them passes: what is said about each failure is searched. */
const FAULTS: Readonly<Record<string, Fault>> = {
  "a connection that breaks": { kind: "cut", after: 10 },
  "no answer": { kind: "drop" },
  "wrong bytes": { kind: "corrupt", at: 40 },
  "an error of the server": { kind: "status", status: 500 },
  "a refusal": { kind: "status", status: 403, body: "you may not" },
  "a question for a password": { kind: "status", status: 401, headers: { "www-authenticate": "Basic" } },
  "a pause": { kind: "rate-limit", limit: "primary", seconds: 3600 },
  "a redirect to itself": { kind: "redirect", to: "?signature=canary-query" },
  "a redirect to another scheme": {
    kind: "redirect",
    to: "ftp://updater:canary-user@one.example/?key=canary-query",
  },
  "a redirect to nobody": { kind: "redirect", to: "http://127.0.0.1:1/file?signature=canary-query" },
  "a redirect into the open": { kind: "redirect", to: "http://one.example/?signature=canary-query" },
  "no end": { kind: "endless" },
  "no HTTP": { kind: "raw", bytes: "220 canary.example FTP\r\n" },
};

for (const [title, fault] of Object.entries(FAULTS)) {
  test(`no secret is printed or kept after ${title}, at any step (T32)`, { skip: SKIP }, async (t) => {
    const { home, server } = await installed(t as TestContext);
    for (const step of STEPS) {
      server.fault(step, fault, { times: Infinity });
      redirectDownload(server);
      const code = await runAndSearch(home, ["update", "--yes", "--verbose"]);
      assert.notEqual(code, 0, step);
      const asked = server.requests.map(({ path }) => path.split("?")[0]);
      assert(asked.includes(step), `${step} was asked for: ${asked}`);
      server.clearFaults();
      // A pause is kept for the next process, which would ask nobody.
      await Deno.remove(join(home.folder, ".local", "state"), { recursive: true }).catch(() => {});
    }
  });
}

test(
  "no secret is printed or kept by any command that works with addresses (T32)",
  { skip: SKIP },
  async (t) => {
    const { home, server } = await installed(t as TestContext);
    const commands = [
      "update --check --verbose",
      "update --check --json",
      "explain --verbose",
      "explain --json",
      "doctor --verbose",
      "doctor --json",
      "config show",
      "config show --json",
      "config get updates.proxy",
      "config get updates.sources",
      "config validate",
      "update --yes --json",
    ];
    for (const command of commands) await runAndSearch(home, command.split(" "));
    // What is said about a source that does not answer, and about values that are refused.
    await server.close();
    for (const command of ["doctor --json", "doctor --verbose", "update --check"]) {
      await runAndSearch(home, command.split(" "));
    }
    const address = "http://updater:canary-user@one.example/?key=canary-query";
    await runAndSearch(home, ["config", "set", "telemetry.address", address]);
    await runAndSearch(home, ["config", "set", "updates.sources", address]);
  },
);

test("no secret is in the log of a service whose checks fail (T32)", { skip: SKIP }, async (t) => {
  const { home, server } = await installed(t as TestContext);
  server.fault("*", { kind: "redirect", to: "http://127.0.0.1:1/file?signature=canary-query" }, {
    times: Infinity,
  });
  const state = join(home.folder, ".local", "state", "cco");
  const logs = join(state, "logs");
  // The first check is due at once.
  await Deno.mkdir(state, { recursive: true, mode: 0o700 });
  const schedule = { next: 1, failures: 0, isWaiting: false };
  await Deno.writeTextFile(join(state, "background.json"), JSON.stringify(schedule), { mode: 0o600 });
  const service = new Deno.Command(home.executable, {
    args: ["run", "--port", `${await freePort()}`, "--debug"],
    env: home.env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = service.output();
  try {
    await logged(logs, /NETWORK|Cannot fetch|Could not/);
  } finally {
    service.kill("SIGTERM");
  }
  const { stdout, stderr } = await output;
  const decoder = new TextDecoder();
  noSecretsIn(decoder.decode(stdout) + decoder.decode(stderr), "cco run");
  await noSecretsUnder(home.folder, { except: [dirname(home.executable)] });
});

/** A home full of secrets, with the older version and a server that has the newer one. */
async function installed(t: TestContext): Promise<{ home: Home; server: FaultServer }> {
  const server = await startFaultServer();
  t.after(() => server.close());
  await publish(t, server);
  const proxy = "http://updater:canary-password@127.0.0.1:1";
  const home = await Home.make({
    CCO_UPDATES_SOURCES: `${server.url}${STEPS[0]}?key=canary-query`,
    CCO_UPDATES_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: "127.0.0.1",
    GITHUB_TOKEN: "canary-token",
  });
  t.after(() => home[Symbol.asyncDispose]());
  await home.install(executableOf(await compiledVersion(OLD)).path);
  return { home, server };
}

/** The newer version is a shell script, which is smaller; its address leads to one with a secret, as GitHub's. */
async function publish(t: TestContext, server: FaultServer): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cco-secrets-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  const [script, archive] = [join(folder, "cco"), join(folder, "cco.tar.gz")];
  await Deno.writeTextFile(script, `#!/bin/sh\necho 'cco ${NEW}'\n`);
  await packExecutable(script, archive, "tar.gz");
  const asset = {
    url: "download",
    sha256: await fileDigest(archive),
    size: (await Deno.stat(archive)).size,
    binary: { path: "cco", sha256: await fileDigest(script), size: (await Deno.stat(script)).size },
  };
  const expires = new Date(Date.now() + 86_400_000).toISOString();
  const text = JSON.stringify({
    app: "cco",
    sequence: 1,
    issued: new Date().toISOString(),
    expires,
    latest: { stable: NEW },
    versions: { [NEW]: { platforms: { [hostPlatform()]: asset } } },
  });
  const trustedComment = `cco-manifest/1 cco seq=1 expires=${expires}`;
  server.serve(STEPS[0], text);
  server.serve(STEPS[1], await signMessage(new TextEncoder().encode(text), RELEASE_KEY, { trustedComment }));
  server.serve(STEPS[2], await Deno.readFile(archive));
  server.serve("/download", "");
  redirectDownload(server);
}

function redirectDownload(server: FaultServer): void {
  const to = `${STEPS[2]}?signature=canary-query`;
  server.fault("/download", { kind: "redirect", to }, { times: Infinity });
}

async function runAndSearch(home: Home, args: string[]): Promise<number> {
  const { code, stdout, stderr } = await home.run(...args);
  noSecretsIn(stdout + stderr, args.join(" "));
  await noSecretsUnder(home.folder, { except: [dirname(home.executable)] });
  return code;
}

/** The time is there against hanging only. */
async function logged(folder: string, pattern: RegExp): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const names = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
    const texts = await Promise.all(names.map(({ name }) => Deno.readTextFile(join(folder, name))));
    if (texts.some((text) => pattern.test(text))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`nothing in ${folder} says ${pattern}`);
}
