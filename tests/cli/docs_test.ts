/** `docs/cli.md` and the tables in the code agree. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { type Command, GLOBAL_FLAGS } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXIT } from "../../src/cli/failure.ts";
import { displayValue, RECORDED_KEYS, SETTING_KEYS, settingOf } from "../../src/config/settings.ts";

const page = await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8");

test("docs/cli.md names every command and every flag", () => {
  const visit = (command: Command): void => {
    if (command.hidden) return;
    assert.match(page, new RegExp(`\\b${command.name}\\b`), command.name);
    for (const { name } of command.flags ?? []) assert(page.includes(`--${name}`), `--${name}`);
    command.commands?.forEach(visit);
  };
  visit(COMMANDS);
  for (const { name } of GLOBAL_FLAGS) assert(page.includes(`--${name}`), `--${name}`);
});

test("docs/cli.md has a row for every setting with its default", () => {
  for (const key of SETTING_KEYS) {
    const row = page.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${key}\``));
    assert(row !== undefined, key);
    const value = settingOf(key).default;
    const isShown = value !== undefined && key !== "updates.sources";
    if (isShown) assert(row.includes(displayValue(value)), `${key}: ${row}`);
  }
  for (const key of RECORDED_KEYS) assert(page.includes(key), key);
});

test("docs/cli.md explains every exit code", () => {
  for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} +\\| `, "m"));
});
