/** The record is the lock for every runtime: what one adapter has written, the other one understands. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Installation, installationOf } from "../src/installation.ts";
import { claimInstallation, readRecord } from "../src/journal.ts";
import { isSameStart } from "../src/journal_process.ts";
import { recover } from "../src/recover.ts";
import { denoRuntime } from "../src/runtime/deno.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { failsWith } from "./support/fails_with.ts";

const options = { skip: "Deno" in globalThis ? false : "only Deno has both adapters" };
const ADAPTERS = { "Deno's": denoRuntime, "Node's": nodeRuntime } as const;
const PAIRS = [["Deno's", "Node's"], ["Node's", "Deno's"]] as const;
const FACTS = {
  from: { version: "1.0.0", sha256: "a".repeat(64) },
  to: { version: "2.0.0", sha256: null },
  staged: ".app.new-0123456789abcdef",
};

for (const [first, second] of PAIRS) {
  test(`an installation that ${first} adapter has claimed is locked for ${second}`, options, async () => {
    await withInstallation(async (installation) => {
      const [holder, other] = [ADAPTERS[first](), ADAPTERS[second]()];
      const claim = await claimInstallation(holder, installation, FACTS);
      const state = await readRecord(other, installation);
      assert(state.kind === "valid" && state.isWriterAlive);
      await failsWith(claimInstallation(other, installation, FACTS), "UPDATE_IN_PROGRESS", {
        pid: process.pid,
      });
      const { executable } = installation;
      const stateDirectory = join(installation.folder, "state");
      const recovering = () => recover({ runtime: other, executable, stateDirectory });
      assert.equal((await recovering()).outcome, "running");
      await claim.release();
      assert.equal((await recovering()).outcome, "none");
    });
  });

  test(
    `what a killed process has claimed by ${first} adapter is taken over by ${second}`,
    options,
    async () => {
      await withInstallation(async (installation) => {
        const [holder, other] = [ADAPTERS[first](), ADAPTERS[second]()];
        const child = spawn(process.execPath, ["eval", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
        try {
          await once(child, "spawn");
          const pid = child.pid!;
          const start = await holder.processStart(pid);
          assert(
            isSameStart(await other.processStart(pid), start ?? ""),
            "the adapters name its start differently",
          );
          await claimInstallation({ ...holder, pid }, installation, FACTS);
          const stateDirectory = join(installation.folder, "state");
          const { executable } = installation;
          const recovering = () => recover({ runtime: other, executable, stateDirectory });
          assert.equal((await recovering()).outcome, "running");
          const ended = once(child, "exit");
          child.kill("SIGKILL");
          await ended;
          assert.equal((await recovering()).outcome, "dropped");
        } finally {
          child.kill("SIGKILL");
        }
        assert.equal(await readFile(installation.executable, "utf8"), "installed");
      });
    },
  );
}

async function withInstallation(use: (installation: Installation) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "across-"));
  try {
    const executable = join(folder, "app");
    await writeFile(executable, "installed", { mode: 0o755 });
    await use(await installationOf(nodeRuntime(), executable));
  } finally {
    await rm(folder, { recursive: true });
  }
}
