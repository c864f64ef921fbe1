import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { compileArguments } from "../../../scripts/compile/arguments.ts";
import { PLATFORMS } from "../../../scripts/compile/platforms.ts";
import { DEFAULT_SOURCES } from "../../../src/cli/build.ts";

const KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const CONFIGURATION = fileURLToPath(new URL("../../../deno.json", import.meta.url));

test("compileArguments() makes a development build for all platforms out of nothing", () => {
  assert.deepEqual(compileArguments([], "2025.11.1"), {
    build: {
      version: "2025.11.1",
      kind: "development",
      sources: [...DEFAULT_SOURCES],
      keys: [],
      threshold: 1,
      minimumSequence: 0,
      allowUnsigned: true,
    },
    platforms: PLATFORMS,
    out: "dist",
  });
});

test("compileArguments() makes a release build that insists on signatures when there is a key", () => {
  const args = [
    "--key",
    KEY,
    "--source",
    "https://example.com/m.json",
    "--source",
    "github:a/b",
    "--min-sequence",
    "7",
    "--probe-timeout",
    "60",
  ];
  const { build } = compileArguments([...args, "--version", "1.2.3-beta.1"], "0.0.1");
  assert.deepEqual(build, {
    version: "1.2.3-beta.1",
    kind: "release",
    sources: ["https://example.com/m.json", "github:a/b"],
    keys: [KEY],
    threshold: 1,
    minimumSequence: 7,
    allowUnsigned: false,
    probeTimeout: 60_000,
  });
});

test("compileArguments() carries a root into the build as its text", (t) => {
  const path = Deno.makeTempFileSync({ suffix: ".root.json" });
  t.after(() => Deno.removeSync(path));
  const text = JSON.stringify({ type: "root", app: "cco", version: 1 });
  Deno.writeTextFileSync(path, text);
  const { build } = compileArguments(["--root", path], "1.0.0");
  assert.equal(build.root, text);
  assert.equal(build.kind, "release");
  assert.equal(build.allowUnsigned, false);
});

test("compileArguments() leaves a keyed build insisting on signatures when --development makes it one", () => {
  const { build } = compileArguments(["--key", KEY, "--development"], "1.0.0");
  assert.equal(build.kind, "development");
  assert.equal(build.allowUnsigned, false);
});

const chosen: readonly { args: readonly string[]; platforms: readonly string[] }[] = [
  { args: ["--target", "darwin-arm64,linux-x86_64"], platforms: ["linux-x86_64", "darwin-arm64"] },
  {
    args: ["--target", "linux-x86_64", "--target", "windows-x86_64"],
    platforms: ["linux-x86_64", "windows-x86_64"],
  },
  { args: ["--target", "linux-x86_64,linux-x86_64"], platforms: ["linux-x86_64"] },
  { args: ["--target", "all"], platforms: PLATFORMS.map((platform) => platform.name) },
];
for (const { args, platforms } of chosen) {
  test(`compileArguments() reads ${args.join(" ")}`, () => {
    assert.deepEqual(
      compileArguments([...args], "1.0.0").platforms.map((platform) => platform.name),
      platforms,
    );
  });
}

const refused: readonly { args: readonly string[]; message: RegExp }[] = [
  ...[
    "http://example.com/m.json",
    "ftp://example.com/m.json",
    "m.json",
    "github:owner",
    "https://u:p@a.example/",
  ]
    .map((source) => ({ args: ["--source", source], message: /^Invalid --source: Invalid source: / })),
  { args: ["--version", "v1.0.0"], message: /^Invalid version: v1\.0\.0\. / },
  { args: ["--version", "2025.11"], message: /^Invalid version: 2025\.11\. / },
  { args: ["--target", "mips"], message: /^Cannot compile for "mips"\. Use: host, all, linux-x86_64, / },
  { args: ["--key", "RWQ"], message: /^Invalid key: RWQ: / },
  {
    args: ["--key", KEY, "--threshold", "2"],
    message: /^Invalid --threshold: 2\. There are 1 different keys/,
  },
  { args: ["--key", KEY, "--key", KEY, "--threshold", "2"], message: /^Invalid --threshold: 2\. / },
  { args: ["--threshold", "0"], message: /^Invalid --threshold: 0\. / },
  { args: ["--min-sequence", "1.5"], message: /^Invalid --min-sequence: 1\.5\. / },
  { args: ["--min-sequence", "9007199254740993"], message: /^Invalid --min-sequence: / },
  { args: ["--key", KEY, "--allow-unsigned"], message: /^Use one of --root, --key and --allow-unsigned$/ },
  { args: ["--key", KEY, "--root", "1.root.json"], message: /^Use one of / },
  { args: ["--root", CONFIGURATION], message: /^Invalid --root: .*deno\.json is not a root of version 1/ },
  { args: ["--colour"], message: /^Unknown option '--colour'/ },
  { args: ["file.ts"], message: /^Unexpected argument 'file\.ts'/ },
];
for (const { args, message } of refused) {
  test(`compileArguments() refuses ${args.join(" ").replace(CONFIGURATION, "deno.json")}`, () => {
    assert.throws(() => compileArguments([...args], "1.0.0"), { name: "TypeError", message });
  });
}
