import assert from "node:assert/strict";
import { test } from "node:test";
import { splitCommand } from "../../src/cli/split_command.ts";

const commands: [text: string, os: string, words: string[] | undefined][] = [
  ["vi", "linux", ["vi"]],
  ["  code   --wait ", "linux", ["code", "--wait"]],
  ['"/tmp/ed ok.sh" -x', "linux", ["/tmp/ed ok.sh", "-x"]],
  ["'/tmp/ed ok.sh' -x", "linux", ["/tmp/ed ok.sh", "-x"]],
  ["/tmp/ed\\ ok.sh", "linux", ["/tmp/ed ok.sh"]],
  ['"a\\"b" \'\'', "linux", ['a"b', ""]],
  ['--title="my file"x', "linux", ["--title=my filex"]],
  ['"not closed', "linux", undefined],
  ['"C:\\Program Files\\ed.exe" /w', "windows", ["C:\\Program Files\\ed.exe", "/w"]],
  ["C:\\ed.exe", "windows", ["C:\\ed.exe"]],
  ["", "linux", []],
];

for (const [text, os, words] of commands) {
  test(`the editor ${text || "(none)"} on ${os} is ${words?.join(" | ") ?? "refused"}`, () => {
    assert.deepEqual(splitCommand(text, os), words);
  });
}
