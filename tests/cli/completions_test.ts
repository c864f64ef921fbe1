/** Completion: what is offered, and that bash, zsh and fish really complete. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { COMMANDS } from "../../src/cli/commands.ts";
import { candidatesFor } from "../../src/cli/complete.ts";
import { SCRIPTS, SHELLS } from "../../src/cli/shells.ts";
import { TestWorld } from "./world.ts";

/** Typed words, the last one unfinished, and what is offered. */
const offers: [words: string[], offered: string[]][] = [
  [["upd"], ["update"]],
  [["config", ""], ["show", "get", "set", "unset", "path", "edit", "reset", "validate"]],
  [["update", "--ch"], ["--check", "--channel"]],
  [["update", "--channel", ""], ["stable", "beta", "nightly"]],
  [["update", "--channel=b"], ["--channel=beta"]],
  [["update", "--channel", "=", "b"], ["beta"]],
  [["update", "--channel", "="], ["stable", "beta", "nightly"]],
  [["update", "--channel", "beta", "--ye"], ["--yes"]],
  [["config", "get", "updates.last"], ["updates.last_check", "updates.last_update"]],
  [["config", "set", "updates.last"], []],
  [["config", "set", "telemetry"], ["telemetry.enabled"]],
  [["config", "set", "updates.check_interval", ""], ["hourly", "daily", "weekly", "never"]],
  [["config", "set", "updates.enabled", "t"], ["true"]],
  [["--config", ""], [":files"]],
  [["--config", "x", "vers"], ["version"]],
  [["completions", ""], [...SHELLS]],
  [["help", "up"], ["update"]],
  [["compl"], ["completions"]],
  [["update", "x"], []],
  [["frobnicate", ""], COMMANDS.commands!.filter(({ hidden }) => !hidden).map(({ name }) => name)],
];

for (const [words, offered] of offers) {
  test(`after "cco ${words.join(" ")}" comes ${offered.join(", ") || "nothing"}`, () => {
    assert.deepEqual(candidatesFor(COMMANDS, words).map(({ word }) => word), offered);
  });
}

test("cco complete prints a word, a tab and what it is", async () => {
  await using world = await TestWorld.make();
  const { stdout } = await world.run("complete -- config se");
  assert.equal(stdout, "set\tchange one value\n");
});

test("cco completions prints the script of each shell and refuses others", async () => {
  await using world = await TestWorld.make();
  for (const shell of SHELLS) {
    const { code, stdout } = await world.run(`completions ${shell}`);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: SCRIPTS.get(shell) });
  }
  const { code, stderr } = await world.run("completions zhs");
  assert.equal(code, 2);
  assert.match(stderr, /^Unknown shell: zhs\. Use: bash, zsh, fish, powershell\. Did you mean zsh\?/);
});

/** A folder with a `cco` that runs from source, and the scripts of all shells. */
async function completionFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cco-complete-"));
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const script = `#!/bin/sh\nexec "${process.execPath}" run -A --no-check "${cli}" "$@"\n`;
  await writeFile(join(folder, "cco"), script, { mode: 0o755 });
  for (const shell of SHELLS) await writeFile(join(folder, `cco.${shell}`), SCRIPTS.get(shell)!);
  return folder;
}

/** How each shell is asked what it would complete after a line; it prints one candidate per line. */
const asked: Record<string, (line: string, folder: string) => string> = {
  bash: (line, folder) => `
    source ${folder}/cco.bash
    line=${quoted(line)}
    COMP_LINE=$line COMP_POINT=\${#line}
    # As readline does: words are also split at = and :.
    COMP_WORDS=($(sed 's/=/ = /g' <<<"$line")); [[ $line == *" " || $line == *= ]] && COMP_WORDS+=("")
    [[ $line == *= ]] && unset 'COMP_WORDS[-1]'
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _cco
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (line, folder) => `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'autoload -Uz compinit && compinit -u -d ${folder}/zdump; PROMPT=; unsetopt zle_bracketed_paste 2>/dev/null'
    zpty -w shell 'source ${folder}/cco.zsh; zstyle ":completion:*" list-colors ""'
    # Show what is offered instead of inserting it.
    zpty -w shell 'compadd() { local -a all; builtin compadd -O all "$@"; print -rl -- "<" $all ">"; }'
    zpty -w shell 'bindkey "^I" complete-word; print -r "rea""dy"'
    zpty -r -m shell text '*ready*'
    zpty -w -n shell ${quoted(line)}$'\\t'
    zpty -r -m shell text '*<*>*'
    print -r -- $text
    zpty -d shell`,
  fish: (line, folder) => `source ${folder}/cco.fish; complete -C ${quoted(line)}`,
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const lines: [line: string, offered: string[]][] = [
  ["cco upd", ["update"]],
  ["cco update --ch", ["--channel", "--check"]],
  ["cco update --channel ", ["beta", "nightly", "stable"]],
  ["cco config set updates.ch", ["updates.channel", "updates.check_interval"]],
  ["cco config set updates.check_interval ", ["daily", "hourly", "never", "weekly"]],
];

for (const [shell, script] of Object.entries(asked)) {
  test(`${shell} really completes commands, flags, keys and values`, async (t) => {
    const path = `/usr/bin/${shell}`;
    if (await stat(path).catch(() => undefined) === undefined) return t.skip(`there is no ${path}`);
    const flags = shell === "zsh"
      ? ["-f", "-c"]
      : shell === "bash"
      ? ["--norc", "-c"]
      : ["--no-config", "-c"];
    const folder = await completionFolder();
    const PATH = `${folder}:${process.env["PATH"]}`;
    const env = { ...process.env, PATH, HOME: folder, NO_COLOR: "1", TERM: "dumb" };
    try {
      for (const [line, offered] of lines) {
        const args = [...flags, script(line, folder)];
        const { stdout } = await promisify(execFile)(path, args, { env, timeout: 30_000 });
        assert.deepEqual(candidatesIn(shell, stdout), offered, line);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

function candidatesIn(shell: string, stdout: string): string[] {
  const text = shell === "zsh" ? stdout.slice(stdout.indexOf("<") + 1, stdout.lastIndexOf(">")) : stdout;
  const words = text.split(/\r?\n/).map((line) => line.split("\t")[0]!.trim());
  return [...new Set(words.filter((word) => word !== "" && word !== "<" && word !== ">"))].sort();
}
