import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalTarget, type Machine, runnableTargets, targetName } from "../src/target.ts";

const names: [name: string, canonical: string][] = [
  ["linux-x86_64", "linux-x86_64"],
  ["linux-aarch64", "linux-aarch64"],
  ["darwin-x86_64", "darwin-x86_64"],
  ["darwin-arm64", "darwin-arm64"],
  ["windows-x86_64", "windows-x86_64"],
  ["windows-aarch64", "windows-aarch64"],
  ["linux-x86_64-musl", "linux-x86_64-musl"],
  ["linux-aarch64-musl", "linux-aarch64-musl"],
  ["x86_64-unknown-linux-gnu", "linux-x86_64"],
  ["aarch64-unknown-linux-gnu", "linux-aarch64"],
  ["x86_64-unknown-linux-musl", "linux-x86_64-musl"],
  ["x86_64-apple-darwin", "darwin-x86_64"],
  ["aarch64-apple-darwin", "darwin-arm64"],
  ["x86_64-pc-windows-msvc", "windows-x86_64"],
  ["x86_64-pc-windows-gnu", "windows-x86_64"],
  ["aarch64-pc-windows-msvc", "windows-aarch64"],
  ["linux-x64", "linux-x86_64"],
  ["linux-amd64", "linux-x86_64"],
  ["linux-arm64", "linux-aarch64"],
  ["darwin-aarch64", "darwin-arm64"],
  ["macos-arm64", "darwin-arm64"],
  ["win32-x64", "windows-x86_64"],
];

for (const [name, canonical] of names) {
  test(`canonicalTarget() calls ${name} ${canonical}`, () => {
    assert.equal(canonicalTarget(name), canonical);
    assert.equal(canonicalTarget(canonical), canonical);
  });
}

const strangers = [
  "freebsd-x86_64",
  "linux-riscv64gc",
  "i686-unknown-linux-gnu",
  "aarch64-linux-android",
  "x86_64-unknown-linux-gnux32",
  "x86_64-unknown-linux-ohos",
  "linux-x86_64-baseline",
  "linux-linux-x86_64",
  "linux",
  "x86_64",
  "constructor-x64",
  "linux-toString",
  "__proto__",
  "",
];

for (const name of strangers) {
  test(`canonicalTarget() leaves ${JSON.stringify(name)} as it is`, () => {
    assert.equal(canonicalTarget(name), name);
  });
}

const machines: [machine: Machine, target: string][] = [
  [{ os: "linux", arch: "x86_64", libc: "gnu" }, "linux-x86_64"],
  [{ os: "linux", arch: "x86_64", libc: "musl" }, "linux-x86_64-musl"],
  [{ os: "linux", arch: "aarch64", libc: "gnu" }, "linux-aarch64"],
  [{ os: "darwin", arch: "aarch64", libc: undefined }, "darwin-arm64"],
  [{ os: "darwin", arch: "x86_64", libc: undefined }, "darwin-x86_64"],
  [{ os: "windows", arch: "aarch64", libc: undefined }, "windows-aarch64"],
  [{ os: "freebsd", arch: "riscv64", libc: undefined }, "freebsd-riscv64"],
];

for (const [machine, target] of machines) {
  test(`targetName() of ${Object.values(machine).join(" ")} is ${target}`, () => {
    assert.equal(targetName(machine), target);
  });
}

const runnable: [target: string, targets: string[]][] = [
  ["linux-x86_64", ["linux-x86_64", "linux-x86_64-musl"]],
  ["linux-aarch64", ["linux-aarch64", "linux-aarch64-musl"]],
  ["linux-x86_64-musl", ["linux-x86_64-musl"]],
  ["darwin-arm64", ["darwin-arm64", "darwin-x86_64"]],
  ["darwin-x86_64", ["darwin-x86_64"]],
  ["windows-aarch64", ["windows-aarch64", "windows-x86_64"]],
  ["windows-x86_64", ["windows-x86_64"]],
  ["constructor", ["constructor"]],
];

for (const [target, targets] of runnable) {
  test(`runnableTargets() on ${target} are ${targets.join(", then ")}`, () => {
    assert.deepEqual(runnableTargets(target), targets);
  });
}
