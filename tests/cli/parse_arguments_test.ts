import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EVERYDAY } from "../../src/cli/everyday_commands.ts";
import { parseArguments, UsageError } from "../../src/cli/parse_arguments.ts";
import { TestWorld } from "./world.ts";

const ROOT: Command = {
  name: "app",
  summary: "a program",
  commands: [
    {
      name: "logs",
      summary: "show logs",
      flags: [
        { name: "lines", short: "n", value: "N", summary: "how many" },
        { name: "follow", summary: "go on" },
      ],
      positionals: [{ name: "NAME", optional: true }],
      load: () => Promise.reject(new Error("not here")),
    },
    {
      name: "set",
      summary: "set",
      positionals: [{ name: "KEY" }, { name: "VALUE", many: true }],
      load: () => Promise.reject(new Error("not here")),
    },
    { name: "group", summary: "more", commands: [{ name: "one", summary: "one" }] },
  ],
};

const understood: [words: string, flags: Record<string, string>, values: string[]][] = [
  ["logs", {}, []],
  ["logs -n 50 --follow", { lines: "50", follow: "" }, []],
  ["logs --lines=50 name", { lines: "50" }, ["name"]],
  ["logs name --lines 50", { lines: "50" }, ["name"]],
  ["--json logs", { json: "" }, []],
  ["logs --lines -5", { lines: "-5" }, []],
  ["logs --lines=", { lines: "" }, []],
  ["logs --lines 1 --lines 2", { lines: "2" }, []],
  ["logs -- --follow", {}, ["--follow"]],
  ["logs -", {}, ["-"]],
  ["set a b c", {}, ["a", "b", "c"]],
  ["set set set", {}, ["set", "set"]],
  ["set --help", { help: "" }, []],
];

for (const [words, flags, values] of understood) {
  test(`parseArguments() understands ${words}`, () => {
    const parsed = parseArguments(ROOT, words.split(" "));
    assert.deepEqual(Object.fromEntries(parsed.flags), flags);
    assert.deepEqual(parsed.values, values);
  });
}

const refused: [words: string, message: RegExp][] = [
  ["lgos", /^Unknown command: lgos$/],
  ["group", /^Missing command: app group one$/],
  ["group two", /^Unknown command: group two$/],
  ["logs --folow", /^Unknown flag: --folow$/],
  ["logs -x", /^Unknown flag: -x$/],
  ["logs --lines", /^Missing value: --lines N$/],
  ["logs --lines --follow", /^Missing value: --lines N$/],
  ["logs --follow=yes", /^Unexpected value: --follow takes none$/],
  ["logs a b", /^Unexpected value: b$/],
  ["set a", /^Missing value: VALUE$/],
  ["logs --__proto__", /^Unknown flag/],
];

for (const [words, message] of refused) {
  test(`parseArguments() refuses ${words}`, () => {
    assert.throws(() => parseArguments(ROOT, words.split(" ")), (error) => {
      assert(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("names and flags of all commands are unique and well-formed", () => {
  const visit = (command: Command): void => {
    const flags = (command.flags ?? []).map(({ name }) => name);
    assert.equal(new Set(flags).size, flags.length, command.name);
    for (const flag of flags) assert.match(flag, /^[a-z][a-z-]*$/);
    const commands = command.commands ?? [];
    assert.equal(new Set(commands.map(({ name }) => name)).size, commands.length, command.name);
    assert(command.load !== undefined || commands.length > 0, command.name);
    commands.forEach(visit);
  };
  visit(COMMANDS);
});

const hints: [command: string, stderr: RegExp][] = [
  ["updte", /^Unknown command: updte\. Did you mean update\?\n$/],
  ["config shwo", /^Unknown command: config shwo\. Did you mean show\?\n$/],
  ["update --chekc", /^Unknown flag: --chekc\. Did you mean --check\?\n$/],
  ["frobnicate", /^Unknown command: frobnicate\. Run 'cco --help'\n$/],
  ["config get", /^Missing value: KEY\. Run 'cco config get --help'\n$/],
];

for (const [command, expected] of hints) {
  test(`cco ${command} exits 2 with a hint`, async () => {
    await using world = await TestWorld.make();
    const { code, stdout, stderr } = await world.run(command);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(stderr, expected);
  });
}

test("a command line that begins with an everyday command is understood alike without all the others", () => {
  const meaning = (root: Command, words: readonly string[]): unknown => {
    try {
      const { path, ...rest } = parseArguments(root, words);
      return { ...rest, path: path.slice(1) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return { message: error.message, unknown: error.unknown, path: error.path.slice(1) };
    }
  };
  const everyday = EVERYDAY.commands!.map(({ name }) => name);
  const others = COMMANDS.commands!.map(({ name }) => name);
  const more = [
    "get",
    "set",
    "show",
    "status",
    "--check",
    "--channel",
    "--channel=beta",
    "--help",
    "--to",
    "--",
    "-V",
  ];
  const words = fc.tuple(fc.constantFrom(...everyday), fc.array(fc.constantFrom(...others, ...more)));
  fc.assert(fc.property(words, ([first, rest]) => {
    assert.deepEqual(meaning(EVERYDAY, [first, ...rest]), meaning(COMMANDS, [first, ...rest]));
  }));
  assert.deepEqual({ ...COMMANDS, commands: [] }, { ...EVERYDAY, commands: [] });
});
