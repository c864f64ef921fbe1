import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "smol-toml";
import { ConfigError } from "../../src/config/config_error.ts";
import { editToml, type TomlEdit } from "../../src/config/edit_toml.ts";
import { commentsOf } from "../../src/config/toml_comments.ts";

const DOCUMENT = `# settings of this machine
title = "mine" # not cco's

[updates] # the table
# why
enabled = false          # handled by the deployment
check_interval = "never"

# two mirrors
sources = [ # open
  "https://a.example/m.json", # first
  "https://b.example/m.json", # second
]

[[servers]] # unknown
name = "a # not a comment"
when = 2025-11-17T14:32:15Z
`;

const edits: [name: string, before: string, edit: TomlEdit, after: string][] = [
  [
    "a value",
    DOCUMENT,
    { table: "updates", key: "enabled", value: true },
    DOCUMENT.replace("false  ", "true  "),
  ],
  [
    "a new key",
    "[updates]\nenabled = true # yes\n",
    { table: "updates", key: "channel", value: "beta" },
    '[updates]\nenabled = true # yes\nchannel = "beta"\n',
  ],
  [
    "a new table",
    "# mine\n[other]\nx = 0xFF\n",
    { table: "updates", key: "enabled", value: false },
    "# mine\n[other]\nx = 0xFF\n\n[updates]\nenabled = false\n",
  ],
  ["an empty file", "", { table: "service", key: "port", value: 4000 }, "[service]\nport = 4000\n"],
  [
    "a file with Windows line ends",
    '[updates]\r\nchannel = "stable" # c\r\n',
    { table: "updates", key: "channel", value: "beta" },
    '[updates]\r\nchannel = "beta" # c\r\n',
  ],
  [
    "a file whose lines end in both ways",
    '# a\r\n[updates]\nchannel = "stable" # c\r\nenabled = true\n\n[mine]\r\nx = 1\n',
    { table: "updates", key: "channel", value: "beta" },
    '# a\r\n[updates]\nchannel = "beta" # c\r\nenabled = true\n\n[mine]\r\nx = 1\n',
  ],
  [
    "a new key where lines end in both ways",
    "# a\n[updates]\r\nenabled = true\r\n\n[mine]\nx = 1\r\n",
    { table: "updates", key: "channel", value: "beta" },
    '# a\n[updates]\r\nenabled = true\r\nchannel = "beta"\r\n\n[mine]\nx = 1\r\n',
  ],
  [
    "a removed key where lines end in both ways",
    '# a\n[updates]\r\nenabled = true\r\nchannel = "beta"\n[mine]\nx = 1\r\n',
    { table: "updates", key: "enabled", value: undefined },
    '# a\n[updates]\r\nchannel = "beta"\n[mine]\nx = 1\r\n',
  ],
  [
    "a new table where lines end in both ways",
    "# a\r\n[mine]\nx = 1\r\n",
    { table: "updates", key: "enabled", value: false },
    "# a\r\n[mine]\nx = 1\r\n\r\n[updates]\r\nenabled = false\r\n",
  ],
  [
    "dotted keys",
    "updates.enabled = true # c\n",
    { table: "updates", key: "enabled", value: false },
    "updates.enabled = false # c\n",
  ],
  [
    "an inline table",
    "updates = { enabled = true } # c\n",
    { table: "updates", key: "enabled", value: false },
    "updates = { enabled = false } # c\n",
  ],
  [
    "a removed key, whose comments stay",
    "[updates]\n# why\nenabled = false  # handled\nx = 1\n",
    { table: "updates", key: "enabled", value: undefined },
    "[updates]\n# why\n# handled\nx = 1\n",
  ],
  [
    "a removed key without comments",
    '[updates]\nenabled = false\nchannel = "beta"\n',
    { table: "updates", key: "enabled", value: undefined },
    '[updates]\nchannel = "beta"\n',
  ],
  [
    "a removed key that is not there",
    "[updates]\n# nothing\n",
    { table: "updates", key: "enabled", value: undefined },
    "[updates]\n# nothing\n",
  ],
  ["a value that is already so", DOCUMENT, { table: "updates", key: "enabled", value: false }, DOCUMENT],
];

for (const [name, before, edit, after] of edits) {
  test(`editToml() edits ${name}`, async () => assert.equal(await editToml(before, edit, "f"), after));
}

test("editToml() keeps the comments between the entries of a list that becomes shorter", async () => {
  const edit = { table: "updates", key: "sources", value: ["github:a/b"] };
  const after = await editToml(DOCUMENT, edit, "f");
  for (const comment of commentsOf(DOCUMENT)) assert(after.includes(comment), comment);
  assert.deepEqual(plain(parse(after)["updates"]), {
    enabled: false,
    check_interval: "never",
    sources: ["github:a/b"],
  });
});

test("editToml() refuses a document that is not TOML, naming line and column", async () => {
  const edit = { table: "updates", key: "enabled", value: true };
  await assert.rejects(editToml("[updates]\nenabled = maybe\n", edit, "/c.toml"), (error) => {
    assert(error instanceof ConfigError && error.code === "FILE_DAMAGED");
    assert.match(error.message, /^Configuration file is damaged: \/c\.toml, line 2, column \d+: /);
    return true;
  });
  await assert.rejects(editToml("updates = 3\n", edit, "/c.toml"), { message: /updates is not a table/ });
});

test("editToml() keeps every comment and every other value in 500 random edits", async () => {
  await fc.assert(
    fc.asyncProperty(documents(), randomEdit(), async (before, edit) => {
      const after = await editToml(before, edit, "f");
      const intended = parse(before) as Record<string, Record<string, unknown>>;
      if (edit.value === undefined) delete intended[edit.table]?.[edit.key];
      else (intended[edit.table] ??= {})[edit.key] = edit.value;
      assert.deepEqual(
        Object.entries(plain(parse(after))).filter(notEmpty).sort(),
        Object.entries(plain(intended)).filter(notEmpty).sort(),
      );
      for (const comment of commentsOf(before)) {
        assert(after.includes(comment), `${comment} is lost in ${after}`);
      }
    }),
    { numRuns: 500 },
  );
});

/** The same value with ordinary prototypes, which strict equality compares too. */
function plain<T>(value: T): T {
  return structuredClone(value);
}

function notEmpty([, value]: [string, unknown]): boolean {
  return typeof value !== "object" || value === null || Object.keys(value).length > 0;
}

function randomEdit(): fc.Arbitrary<TomlEdit> {
  return fc.record({
    table: fc.constantFrom("updates", "service"),
    key: fc.constantFrom("enabled", "channel", "sources", "port"),
    value: fc.oneof(
      fc.boolean(),
      fc.integer({ min: 0, max: 65535 }),
      fc.string(),
      fc.array(fc.webUrl(), { minLength: 1, maxLength: 4 }),
      fc.constant(undefined),
    ),
  });
}

/** Documents with comments in every place where TOML allows one, in either style of line end. */
function documents(): fc.Arbitrary<string> {
  const comment = fc.stringMatching(/^# ?[ -~]{0,12}$/).map((text) => text.trimEnd());
  const trailing = fc.option(comment, { nil: "" }).map((text) => (text === "" ? "" : `  ${text}`));
  const value = fc.oneof(
    fc.constantFrom(
      "true",
      "0x1F",
      "1e3",
      "2025-11-17",
      '"a # b"',
      "'lit # eral'",
      '"""\n# not one\n"""',
      "[1, 2]",
    ),
    fc.array(fc.tuple(fc.constantFrom('"x"', '"y#"'), comment), { minLength: 1, maxLength: 3 }).map((
      entries,
    ) => `[ # list\n${entries.map(([text, note]) => `  ${text}, ${note}`).join("\n")}\n]`),
  );
  const row = (key: string): fc.Arbitrary<string> =>
    fc.tuple(fc.option(comment, { nil: undefined }), fc.boolean(), value, trailing).map(
      ([above, blank, text, after]) =>
        `${above === undefined ? "" : above + "\n"}${blank ? "\n" : ""}${key} = ${text}${after}\n`,
    );
  const table = (name: string): fc.Arbitrary<string> =>
    fc.tuple(comment, trailing, fc.subarray(["enabled", "channel", "sources", "port", "other"])).chain(
      ([above, after, keys]) =>
        fc.tuple(...keys.map(row)).map((rows) => `${above}\n[${name}]${after}\n${rows.join("")}`),
    );
  return fc.tuple(
    fc.shuffledSubarray(["updates", "service", "unknown"]).chain((names) => fc.tuple(...names.map(table))),
    fc.constantFrom("\n", "\r\n"),
    comment,
  ).map(([tables, end, last]) => [...tables, last].join("\n").replaceAll("\n", end) + end);
}

test("nothing is printed for a file whose lines end in both ways", async () => {
  const said: unknown[] = [];
  const { warn } = console;
  console.warn = (...words) => void said.push(words);
  try {
    await editToml(
      '[updates]\r\nchannel = "stable"\n',
      { table: "updates", key: "channel", value: "beta" },
      "c",
    );
  } finally {
    console.warn = warn;
  }
  assert.deepEqual(said, []);
});
