/** `--json`: one document on standard output, of the published shape, for every command and for failures. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "smol-toml";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { configSchema } from "../../src/config/config_schema.ts";
import { build, INIT, placeKeys, SIGNED } from "./desk.ts";
import { TestWorld } from "./world.ts";

const schemas = new URL("../../docs/schemas/", import.meta.url);
const output = JSON.parse(await readFile(new URL("cli-output.schema.json", schemas), "utf8"));
const ajv = new Ajv2020({ allowUnionTypes: true });
// The module's default export is typed as the module itself.
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
ajv.addSchema(output, "output");

function conforms(name: string, document: unknown): void {
  const validate = ajv.getSchema(`output#/$defs/${encodeURIComponent(name)}`);
  assert(validate !== undefined, `docs/schemas has no ${name}`);
  assert(validate(document), `${name}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(document)}`);
}

/** Commands in the order of a life: each finds what the ones before have left. */
const life: [words: string, shape: string, code: number][] = [
  ["--version", "--version", 0],
  ["--help", "help", 0],
  ["config --help", "help", 0],
  ["version", "version", 0],
  ["doctor", "doctor", 1],
  ["explain", "explain", 0],
  ["config show", "config show", 0],
  ["config get updates.sources", "config get", 0],
  ["config get updates.last_check", "config get", 0],
  ["config set updates.window Tue 02:00-04:00 UTC", "config set", 0],
  ["config unset updates.window", "config unset", 0],
  ["config path", "config path", 0],
  ["config validate", "config validate", 0],
  ["config reset", "config reset", 0],
  ["update --list-backups", "update", 0],
  ["update --check", "update", 0],
  ["update --dry-run", "update", 0],
  ["update --yes", "update", 0],
  ["update --list-backups", "update", 0],
  ["version", "version", 0],
  ["rollback", "rollback", 0],
  ["rollback --to 2025.10.1", "error", 2],
  ["completions zsh", "completions", 0],
  ["daemon status", "daemon status", 1],
  ["daemon stop", "daemon stop", 0],
  ["daemon logs", "daemon logs", 0],
  ["daemon logs --follow", "error", 2],
  ["install", "install", 0],
  ["uninstall", "uninstall", 0],
  ["update", "error", 2],
  ["updte", "error", 2],
  ["config get updates.foo", "error", 3],
  ["config edit", "error", 2],
  ["rollback", "error", 5],
];

test("every command prints one document of its published shape and nothing else", async () => {
  await using world = await TestWorld.make();
  await world.publish([{ version: "2025.11.2", fields: { notes: "- news" } }]);
  for (const [words, shape, code] of life) {
    const answer = await world.run(`${words} --json`);
    assert.equal(answer.code, code, `${words}: ${answer.stdout}`);
    assert.equal(answer.stderr, "", words);
    assert.equal(answer.stdout.split("\n").length, 2, words);
    conforms(shape, JSON.parse(answer.stdout));
  }
});

const published: [words: string, shape: string, code: number][] = [
  ["release keygen another.key --no-password", "release keygen", 0],
  ["release keygen third.key --no-password --dry-run", "release keygen", 0],
  [INIT, "release init", 0],
  [`release add 1.0.0 --from build-1.0.0 ${SIGNED}`, "release add", 0],
  [`release add 1.1.0 --from build-1.1.0 ${SIGNED}`, "release add", 0],
  [`release promote 1.0.0 --channel stable ${SIGNED}`, "release promote", 0],
  [`release rollout 1.1.0 --percent 10 ${SIGNED}`, "release rollout", 0],
  [`release yank 1.1.0 --reason broken ${SIGNED}`, "release yank", 0],
  [`release refresh ${SIGNED} --dry-run`, "release refresh", 0],
  ["release rotate --folder releases --root-key-file root.key", "release rotate", 0],
  ["release sign release.key.pub --key-file release.key", "release sign", 0],
  ["release verify --folder releases", "release verify", 0],
  ["release verify --folder releases --executable release.key.pub", "release verify", 5],
  ["release verify --folder releases --assets build-1.0.0 --version 1.0.0", "release verify", 0],
  ["release lint --folder releases", "release lint", 0],
  ["release lint --folder releases --validity 1d", "error", 2],
  [`release promote 9.9.9 --channel stable ${SIGNED}`, "error", 2],
  ["release refresh --folder releases --key-file root.key", "error", 5],
  ["release keygen another.key --no-password", "error", 1],
];

test("the publisher's commands print one document of their published shape, too", async () => {
  await using world = await TestWorld.make();
  await placeKeys(world);
  for (const version of ["1.0.0", "1.1.0"]) await build(world, version);
  for (const [words, shape, code] of published) {
    const answer = await world.run(`${words} --json`);
    assert.equal(answer.code, code, `${words}: ${answer.stdout}`);
    assert.equal(answer.stdout.split("\n").length, 2, words);
    conforms(shape, JSON.parse(answer.stdout));
  }
});

test("held back, up to date, rolled back and network failures have their shapes too", async () => {
  await using world = await TestWorld.make();
  assert.equal((await world.json("update --check")).code, 4);
  conforms("error", (await world.json("update --check")).document);
  await world.publish([{ version: "2025.11.2", fields: { rollout: { percent: 0 } } }]);
  const held = (await world.json("update --check")).document;
  conforms("update", held);
  assert.equal(held["outcome"], "held-back");
  await world.publish([{ version: "2025.11.1" }]);
  const none = (await world.json("update --check")).document;
  conforms("update", none);
  assert.equal(none["outcome"], "up-to-date");
  const script = '#!/bin/sh\ncase "$0" in */cco) exit 3;; esac\necho "cco 2025.11.2"\n';
  await world.publish([{ version: "2025.11.2", script }]);
  const { code, document } = await world.json("update --yes");
  assert.equal(code, 5);
  conforms("error", document);
  const { error } = document as { error: { code: string; details: { outcome: string } } };
  assert.deepEqual([error.code, error.details.outcome], ["PROBE_FAILED", "rolled-back"]);
});

test("an error's code, exit code and details are for programs", async () => {
  await using world = await TestWorld.make();
  await world.publish([{
    version: "2025.11.2",
    fields: { platforms: { "plan9-mips": { url: "x.zip", sha256: "0".repeat(64) } } },
  }]);
  const { document } = await world.json("update --yes");
  const { error } = document as {
    error: { code: string; exitCode: number; details: { available: string[] } };
  };
  assert.equal(error.code, "ASSET_MISSING");
  assert.equal(error.exitCode, 5);
  assert.deepEqual(error.details.available, ["plan9-mips"]);
});

test("the root of the published schema allows every shape in it", () => {
  const allowed = output.anyOf.map(({ $ref }: { $ref: string }) => decodeURIComponent($ref));
  assert.deepEqual(allowed, Object.keys(output.$defs).map((name) => `#/$defs/${name}`));
});

test("there is a shape for every command", () => {
  const names = (command: Command, path: string[]): string[] =>
    command.load === undefined
      ? (command.commands ?? []).flatMap((below) => names(below, [...path, below.name]))
      : command.hidden
      ? []
      : [path.join(" ")];
  // It needs a person at a terminal, who gets no document.
  const silent = ["config edit"];
  const missing = names(COMMANDS, []).filter((name) => !silent.includes(name) && !(name in output.$defs));
  assert.deepEqual(missing, []);
});

test("the published schema of the settings is the table's, and agrees with the loader", async () => {
  const published = JSON.parse(await readFile(new URL("config.schema.json", schemas), "utf8"));
  assert.deepEqual(published, JSON.parse(JSON.stringify(configSchema())), "run scripts/config_schema.ts");
  const validate = ajv.compile(published);
  assert(validate(parse('[updates]\nchannel = "beta"\nkeep_backups = 3\n[mine]\nx = 1\n')));
  assert(!validate(parse("[updates]\nenabled = 7\n")));
  assert(!validate(parse('[updates]\nchannel = "experimental"\n')));
  assert(!validate(parse("[service]\nport = 70000\n")));
});
