/** Completion of a compiled `cco` in real shells, by the tab key where the shell has a person in front of it. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Home } from "../../scripts/demo/home.ts";
import { SKIP_SESSIONS, terminalSession } from "../support/deno/pseudo_terminal.ts";
import { published } from "../support/deno/published.ts";

/** What is typed, and everything that is offered then. */
const OFFERS: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ["cco co", ["completions", "config"]],
  ["cco config ", ["edit", "get", "path", "reset", "set", "show", "unset", "validate"]],
  ["cco update --ch", ["--channel", "--check"]],
  ["cco update --channel ", ["beta", "nightly", "stable"]],
  ["cco --quiet update --channel ", ["beta", "nightly", "stable"]],
  ["cco config get updates.last", ["updates.last_check", "updates.last_update"]],
  ["cco config set updates.ch", ["updates.channel", "updates.check_interval"]],
  ["cco config set updates.check_interval ", ["daily", "hourly", "never", "weekly"]],
  ["cco daemon logs --level ", ["debug", "error", "info", "warn"]],
  ["cco help daemon st", ["start", "status", "stop"]],
  ["cco completions ", ["bash", "fish", "powershell", "zsh"]],
];

/** What is typed, and what stands there when only one thing can come next. */
const INSERTED: readonly (readonly [typed: string, line: string])[] = [
  ["cco upd", "cco update "],
  ["cco update --channel=b", "cco update --channel=beta "],
  ["cco config get updates.pi", "cco config get updates.pin "],
  ["cco config set updates.enabled f", "cco config set updates.enabled false "],
  ["cco --config my", "cco --config my-settings.toml "],
];

/** A home whose shell finds `cco` and completes it. */
async function homeWithScript(t: TestContext, shell: string): Promise<{ home: Home; script: string }> {
  const { home } = await published(t);
  const { code, stdout } = await home.run("completions", shell);
  assert.equal(code, 0);
  const script = join(home.folder, `cco.${shell}`);
  await Deno.writeTextFile(script, stdout);
  await Deno.writeTextFile(join(home.folder, "my-settings.toml"), "");
  return { home, script };
}

function environmentOf(home: Home): Record<string, string> {
  return { ...home.env, PATH: `${dirname(home.executable)}:${home.env["PATH"]}`, TERM: "dumb" };
}

/** Whether a shell is here. */
async function skipWithout(shell: string): Promise<string | false> {
  if (SKIP_SESSIONS !== false) return SKIP_SESSIONS;
  return await Deno.stat(`/usr/bin/${shell}`).then(
    () => false as const,
    () => `there is no /usr/bin/${shell}`,
  );
}

/** How a shell is started with a file of its own in place of the person's. */
interface Interactive {
  readonly start: string;
  readonly file: string;
  readonly text: (script: string) => string;
}

const INTERACTIVE: Readonly<Record<string, Interactive>> = {
  bash: {
    start: "bash --noprofile --rcfile .rc -i",
    file: ".rc",
    text: (script) =>
      `bind 'set show-all-if-ambiguous on'; bind 'set completion-display-width 0'
bind 'set page-completions off'; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
source '${script}'; PS1='ready> '\n`,
  },
  zsh: {
    start: "zsh -i",
    file: ".zshrc",
    text: (script) =>
      `autoload -Uz compinit && compinit -u -D; unsetopt prompt_sp beep list_ambiguous; unset zle_bracketed_paste
source '${script}'; PROMPT='ready> '\n`,
  },
};

/** Ctrl-U: takes back what is typed. */
const ERASE = "\x15";

for (const [shell, { start, file, text }] of Object.entries(INTERACTIVE)) {
  const skip = await skipWithout(shell);
  const prepare = async (t: TestContext) => {
    const { home, script } = await homeWithScript(t, shell);
    await Deno.writeTextFile(join(home.folder, file), text(script));
    const press = async (line: string, appears: string) =>
      (await terminalSession(start, {
        env: { ...environmentOf(home), ZDOTDIR: home.folder },
        cwd: home.folder,
        columns: 200,
        typing: [[/ready> /, `${line}\t`], [new RegExp(appears), `${ERASE}exit\n`]],
      })).screen;
    return press;
  };

  test(`the tab key of ${shell} offers commands, flags, keys and values`, { skip }, async (t) => {
    const press = await prepare(t);
    for (const [line, offered] of OFFERS) {
      const screen = await press(line, offered.map((word) => `(?=[^]*\\n${word}\\b)`).join(""));
      const list = screen.slice(screen.indexOf("\n", screen.indexOf("ready> ")) + 1).split(/\r?ready> /)[0]!;
      const words = list.split("\n").map((row) => row.trim().split(" ")[0]!).filter((word) => word !== "");
      assert.deepEqual(words.sort(), [...offered], line);
    }
  });

  test(`the tab key of ${shell} inserts the only thing that can come next`, { skip }, async (t) => {
    const press = await prepare(t);
    for (const [typed, line] of INSERTED) {
      assert((await press(typed, line)).includes(line), typed);
    }
  });
}

test("fish offers commands, flags, keys and values with what they are", {
  skip: await skipWithout("fish"),
}, async (t) => {
  const { home, script } = await homeWithScript(t, "fish");
  const ask = async (line: string): Promise<string[]> => {
    const args = ["--no-config", "-c", `source '${script}'; complete -C '${line}'`];
    const options = { args, env: environmentOf(home), clearEnv: true, cwd: home.folder };
    const { stdout } = await new Deno.Command("fish", options).output();
    return new TextDecoder().decode(stdout).trim().split("\n").sort();
  };
  for (const [line, offered] of OFFERS) {
    assert.deepEqual((await ask(line)).map((row) => row.split("\t")[0]!), [...offered], line);
  }
  for (const [typed, line] of INSERTED) {
    const [only, ...others] = await ask(typed);
    assert(others.length === 0 && line.endsWith(`${only!.split("\t")[0]} `), `${typed}: ${only} ${others}`);
  }
  assert.deepEqual(await ask("cco config get updates.pi"), [
    "updates.pin\tversion range that automatic updates stay within",
  ]);
});
