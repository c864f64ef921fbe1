/** The workflow that `cco release init` writes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { build, ok } from "./desk.ts";
import { manifestOf, openDesk } from "./release_desk.ts";
import { scriptOf } from "./world.ts";

/** The step of a workflow that a name begins, up to the next one. */
function stepOf(workflow: string, name: string): string {
  const steps = workflow.split(/^ {6}- /m).slice(1);
  const step = steps.find((text) => text.startsWith(`name: ${name}\n`));
  assert(step !== undefined, name);
  return step;
}

test("the workflow that init writes calls a command that exists and does what it says", async () => {
  await using world = await openDesk();
  const workflow = await readFile(join(world.folder, "releases/.github/workflows/refresh.yml"), "utf8");
  const [, words] = /run: cco (.*)/.exec(stepOf(workflow, "Refresh")) ?? [];
  world.env["CCO_RELEASE_KEY"] = await readFile(join(world.folder, "release.key"), "utf8");
  await ok(world, `${words} --folder releases`);
  assert.equal((await manifestOf(world)).sequence, 2);
});

/** What the variables of the repository say, and what becomes of it. */
const fetched: [what: string, digest: "right" | "other" | "none", stdout: RegExp][] = [
  ["runs the cco whose digest the repository names", "right", /^cco\.tar\.gz: OK\n$/],
  ["runs no cco with another digest", "other", /^cco\.tar\.gz: FAILED\n$/],
  ["says which variables to set", "none", /^::error::Set the variables CCO_ARCHIVE and CCO_SHA256 of this/],
];

for (const [what, digest, expected] of fetched) {
  test(`the workflow that init writes ${what}`, { skip: process.platform !== "linux" }, async () => {
    await using world = await openDesk();
    const folder = await build(world, "1.0.0");
    const archive = join(world.folder, folder, "cco-v1.0.0-linux-x86_64.tar.gz");
    const workflow = await readFile(join(world.folder, "releases/.github/workflows/refresh.yml"), "utf8");
    // Every step but this one finds cco on the PATH.
    assert(workflow.indexOf("- name: Get cco") < workflow.indexOf("run: cco release refresh"));
    const script = stepOf(workflow, "Get cco").split("run: |\n")[1]!.replaceAll(/^ {10}/gm, "");
    await writeFile(join(world.folder, "curl"), CURL, { mode: 0o755 });
    const sha256 = createHash("sha256").update(await readFile(archive)).digest("hex");
    const { status, stdout } = spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], {
      env: {
        PATH: `${world.folder}:${process.env["PATH"]}`,
        RUNNER_TEMP: world.folder,
        GITHUB_PATH: join(world.folder, "paths"),
        CCO_ARCHIVE: digest === "none" ? "" : archive,
        CCO_SHA256: digest === "right" ? sha256 : "0".repeat(64),
      },
      encoding: "utf8",
    });
    assert.match(stdout, expected);
    assert.equal(status, digest === "right" ? 0 : 1);
    const paths = await readFile(join(world.folder, "paths"), "utf8").catch(() => undefined);
    assert.equal(paths, digest === "right" ? `${world.folder}\n` : undefined);
    if (digest === "right") {
      assert.equal(await readFile(join(world.folder, "cco"), "utf8"), scriptOf("1.0.0"));
    }
  });
}

/** Copies the last argument to the file after `--output`, without a network. */
const CURL = `#!/bin/sh
while [ $# -gt 1 ]; do
  [ "$1" = --output ] && output=$2
  shift
done
cp "$1" "$output"
`;
