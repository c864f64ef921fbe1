import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCooldown } from "../../src/cooldown.ts";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import { failsWith } from "../support/fails_with.ts";
import { inTemporaryFolder, serverTest } from "../support/server_test.ts";
import { wireRuntime } from "../support/wire_runtime.ts";
import { BINARY, githubRuntime, release, RELEASES } from "./support/github.ts";
import { CANARY, optionsFor, serveManifest } from "./support/sources.ts";

serverTest(
  "a pause that a server asked for is honoured by the next process, and ends",
  {},
  async (server) => {
    await inTemporaryFolder(async (folder) => {
      const url = await serveManifest(server, "");
      const { runtime, clock } = wireRuntime();
      const options = await optionsFor(folder, runtime);
      server.fault("*", { kind: "status", status: 429, headers: { "retry-after": "600" } });
      const { details } = await failsWith(fetchManifest(url, options), "RATE_LIMITED");
      await failsWith(fetchManifest(url, options), "RATE_LIMITED", { until: details.until });
      assert.equal(server.requests.length, 1);
      await clock.advance(600_000);
      assert.equal((await fetchManifest(url, options)).sequence, 5);
    });
  },
);

serverTest("of several servers that ask for a pause at the same time each is left alone", {}, async () => {
  await inTemporaryFolder(async (folder) => {
    const { runtime, clock } = wireRuntime();
    const until = clock.now() + 1000;
    const origins = ["https://a", "https://b", "https://c"];
    await Promise.all(origins.map((origin) => openCooldown(runtime, folder).pause(origin, false, until)));
    for (const origin of origins) {
      assert.equal(await openCooldown(runtime, folder).until(origin, false), until);
    }
  });
});

serverTest("a damaged or future note of pauses counts as none (T35)", {}, async () => {
  await inTemporaryFolder(async (folder) => {
    const { runtime, clock } = wireRuntime();
    const cooldown = openCooldown(runtime, folder);
    const path = join(folder, "cooldown.json");
    const far = clock.now() + 10 * 86_400_000;
    for (
      const text of ["", "{", "[]", "null", '{"https://a":"x"}', `{"https://a":${far}}`, `{"https://a":1}`]
    ) {
      await writeFile(path, text);
      assert.equal(await cooldown.until("https://a", false), undefined, text);
    }
    await cooldown.pause("https://a", false, clock.now() + 1000);
    assert.equal(await cooldown.until("https://a", false), clock.now() + 1000);
    assert.equal(await cooldown.until("https://a", true), undefined);
    assert.equal(await cooldown.until("https://b", false), undefined);
  });
});

serverTest("github: reports until when the API is closed, and asks once", {}, async (server) => {
  await inTemporaryFolder(async (folder) => {
    server.fault(RELEASES, {
      kind: "status",
      status: 403,
      headers: {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1768482000",
        date: "Thu, 15 Jan 2026 12:00:00 GMT",
      },
    });
    const runtime = githubRuntime(server);
    const options = { runtime, stateDirectory: folder };
    const until = runtime.now() + 3_600_000;
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED", { until });
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED", { until });
    assert.equal(server.requests.filter(({ path }) => path.startsWith(RELEASES)).length, 1);
  });
});

serverTest("github: a token is not kept waiting by the limit of those without one", {}, async (server) => {
  await inTemporaryFolder(async (stateDirectory) => {
    const options = { runtime: githubRuntime(server), stateDirectory };
    server.serve(RELEASES, JSON.stringify([release("v1.2.0", { [BINARY]: "new" })]));
    server.fault(RELEASES, { kind: "rate-limit", limit: "primary", seconds: 3600 });
    const { message } = await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED");
    assert.match(message, /or give a token \(GITHUB_TOKEN/);
    const withToken = { ...options, githubToken: CANARY };
    assert.equal((await fetchManifest("github:o/r", withToken)).versions.size, 1);
    await failsWith(fetchManifest("github:o/r", options), "RATE_LIMITED");

    server.fault(RELEASES, { kind: "rate-limit", limit: "primary", seconds: 3600 });
    const refusal = await failsWith(fetchManifest("github:o/r", withToken), "RATE_LIMITED");
    assert(!refusal.message.includes("token"), "there is one already");
    await failsWith(fetchManifest("github:o/r", { ...withToken, githubToken: "another" }), "RATE_LIMITED");
    const note = await readFile(join(stateDirectory, "cooldown.json"), "utf8");
    assert(!note.includes(CANARY), "nothing of the token is written down");
    assert.equal(server.requests.filter(({ path }) => path.startsWith(RELEASES)).length, 3);
  });
});
