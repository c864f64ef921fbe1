import assert from "node:assert/strict";
import { basename } from "node:path";
import { test } from "node:test";
import { takeSnapshot } from "../../../scripts/compile/snapshot.ts";
import { developmentBuild } from "../../../src/cli/build.ts";

test("a program that is compiled has Deno's runtime and not that of Node and Bun", async () => {
  await using snapshot = await takeSnapshot(developmentBuild("1.2.3"));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", basename(snapshot.entry)],
    cwd: snapshot.folder,
  });
  const { modules } = JSON.parse(new TextDecoder().decode((await command.output()).stdout)) as {
    modules: { specifier: string }[];
  };
  const runtimes = modules.flatMap(({ specifier }) => /\/src\/runtime\/([^/]+)$/.exec(specifier)?.[1] ?? []);
  assert(runtimes.includes("deno.ts"), runtimes.join());
  assert(!runtimes.includes("node.ts"), runtimes.join());
});
