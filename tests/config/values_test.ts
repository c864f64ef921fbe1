import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../src/config/config_error.ts";
import { formatDuration, parseDuration } from "../../src/config/duration.ts";
import { withoutSecrets } from "../../src/config/kinds.ts";
import { nearest } from "../../src/config/nearest.ts";
import { pathsOf } from "../../src/config/paths.ts";
import { displayValue, SETTING_KEYS, type SettingKey, settingOf } from "../../src/config/settings.ts";
import { parseWindow, windowContains } from "../../src/config/window.ts";

const accepted: [key: SettingKey, text: string, shown: string][] = [
  ["updates.enabled", "true", "true"],
  ["updates.enabled", "OFF", "false"],
  ["updates.check_interval", "6h", "6h"],
  ["updates.check_interval", "never", "never"],
  ["updates.channel", "nightly", "nightly"],
  ["updates.minimum_age", "1d12h", "1d12h"],
  ["updates.window", "Tue 02:00-04:00 UTC", "Tue 02:00-04:00 UTC"],
  ["updates.pin", "~2025.11", "~2025.11"],
  ["updates.sources", "https://a.example/m.json github:a/b", "https://a.example/m.json,github:a/b"],
  [
    "updates.sources",
    "http://127.0.0.1:8080/m.json,file:///srv/m.json",
    "http://127.0.0.1:8080/m.json,file:///srv/m.json",
  ],
  ["updates.keep_backups", "3", "3"],
  ["updates.ca_file", "/etc/ssl/corp.pem", "/etc/ssl/corp.pem"],
  ["updates.proxy", "http://user:secret@proxy.example:8080", "http://***@proxy.example:8080"],
  ["updates.proxy", "http://user:se@ret@proxy.example:8080", "http://***@proxy.example:8080"],
  ["updates.sources", "https://a.example/m.json?key=secret", "https://a.example/m.json?***"],
  ["updates.sources", "github:a/b#cli@", "github:a/b#cli@"],
  ["service.port", "8080", "8080"],
  ["service.host", "::1", "::1"],
];

for (const [key, text, shown] of accepted) {
  test(`${key} can be ${text}`, () => assert.equal(displayValue(settingOf(key).kind.parse(text)), shown));
}

const refused: [key: SettingKey, text: string, message: RegExp][] = [
  ["updates.enabled", "maybe", /^Invalid boolean value: maybe$/],
  ["updates.check_interval", "monthly", /^Invalid interval: monthly\. Use: hourly, daily, weekly, never$/],
  ["updates.check_interval", "5s", /^Invalid interval: 5s\./],
  ["updates.check_interval", "", /^Invalid interval: /],
  ["updates.channel", "Stable", /^Invalid channel: Stable\. Use: stable, beta, nightly$/],
  ["updates.minimum_age", "soon", /^Invalid duration: soon/],
  ["updates.window", "Tue 25:00-04:00 UTC", /^Invalid window/],
  ["updates.check_interval", "30s", /never, or a length of time of at least a minute, such as 6h/],
  ["updates.minimum_age", "9999999d", /^Invalid duration: 9999999d\. .*; no number above 999999$/],
  ["updates.pin", "$(reboot)", /^Invalid version range/],
  ["updates.sources", "http://evil.example/m.json", /^Invalid source: http:/],
  ["updates.sources", "https://user:pw@a.example/", /^Invalid source: https:\/\/\*{3}@a\.example/],
  ["updates.sources", "javascript:alert(1)", /^Invalid source/],
  ["updates.sources", "file:///srv/100%/", /^Invalid source: file:\/\/\/srv\/100%\//],
  ["updates.sources", "file:///srv/a%2fb/", /^Invalid source/],
  ["updates.sources", "", /^Invalid sources/],
  ["updates.keep_backups", "0", /^Invalid number of backups: 0\. Use a whole number from 1 to 10$/],
  ["updates.ca_file", "corp.pem", /^Invalid path: corp\.pem\. Use an absolute path$/],
  ["updates.proxy", "ftp://user:secret@x", /^Invalid proxy\. (?!.*secret)/],
  ["telemetry.address", "http://a.example/?key=secret", /^Invalid address: http:\/\/a\.example\/\?\*{3}\. /],
  [
    "telemetry.address",
    "https://user:secret@a.example/",
    /^Invalid address: https:\/\/\*{3}@a\.example\/\. /,
  ],
  [
    "telemetry.address",
    "user:secret@a.example/?key=secret",
    /^Invalid address: \*{3}@a\.example\/\?\*{3}\. /,
  ],
  ["service.port", "70000", /^Invalid port: 70000/],
  ["service.port", "80.5", /^Invalid port/],
  ["service.host", "a b", /^Invalid host/],
];

for (const [key, text, message] of refused) {
  test(`${key} cannot be ${JSON.stringify(text)}`, () => {
    assert.throws(() => settingOf(key).kind.parse(text), (error) => {
      assert(error instanceof ConfigError && error.code === "INVALID_VALUE");
      assert.match(error.message, message);
      return true;
    });
  });
}

const shownAddresses: [text: string, shown: string][] = [
  ["https://a.example/m.json", "https://a.example/m.json"],
  ["https://a.example/m.json?key=secret", "https://a.example/m.json?***"],
  ["https://user:secret@a.example/m.json?key=secret#x", "https://***@a.example/m.json?***#x"],
  ["https://user:se/cr?et@a.example/", "https://***@a.example/"],
  ["https://a.example/npm/@scope/m.json", "https://a.example/npm/@scope/m.json"],
  ["user:secret@proxy.example:3128", "***@proxy.example:3128"],
  ['["https://user:secret@a.example/?key=secret"]', '["https://***@a.example/?***"]'],
  ["github:owner/repo", "github:owner/repo"],
  ["github:owner/repo#cli@", "github:owner/repo#cli@"],
  ["~2025.11", "~2025.11"],
  ["why?", "why?"],
];
for (const [text, shown] of shownAddresses) {
  test(`${text} is shown as ${shown} (T32)`, () => assert.equal(withoutSecrets(text), shown));
}

test("no message about a value repeats its secrets (T32)", () => {
  const secret = "https://user:secret@a.example/?key=secret";
  const values: [key: SettingKey, value: unknown][] = [
    ["updates.sources", [secret]],
    ["updates.sources", Array(17).fill(secret)],
    ["updates.sources", { one: secret }],
    ["updates.sources", [[secret]]],
    ["updates.proxy", [secret]],
    ["telemetry.address", secret],
    ["telemetry.address", [secret]],
  ];
  for (const [key, value] of values) {
    assert.throws(() => settingOf(key).kind.accept(value), (error) => {
      assert(error instanceof ConfigError && !error.message.includes("secret"), String(error));
      return true;
    }, key);
  }
});

test("every default is a value that its kind accepts", () => {
  for (const key of SETTING_KEYS) {
    const { kind, default: value } = settingOf(key);
    if (value !== undefined && key !== "updates.sources") assert.deepEqual(kind.accept(value), value, key);
  }
});

test("parseDuration() and formatDuration() know weeks to seconds", () => {
  assert.equal(parseDuration("1d12h"), 36 * 3_600_000);
  assert.equal(parseDuration("2w"), 14 * 24 * 3_600_000);
  for (const text of ["", "h", "1", "1.5h", "12h1d", "-1h", "1h ", "9999999h"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
  assert.equal(formatDuration(26 * 3_600_000 + 5000), "1d 2h");
  assert.equal(formatDuration(303_000), "5m 3s");
  assert.equal(formatDuration(10), "0s");
});

const moments: [window: string, time: string, inside: boolean][] = [
  ["Tue 02:00-04:00 UTC", "2025-11-18T02:00:00Z", true],
  ["Tue 02:00-04:00 UTC", "2025-11-18T03:59:59Z", true],
  ["Tue 02:00-04:00 UTC", "2025-11-18T04:00:00Z", false],
  ["Tue 02:00-04:00 UTC", "2025-11-19T02:00:00Z", false],
  ["Mon-Fri 22:00-05:00 UTC", "2025-11-22T04:00:00Z", true],
  ["Mon-Fri 22:00-05:00 UTC", "2025-11-23T04:00:00Z", false],
  ["Sat 22:00-05:00 UTC", "2025-11-23T04:59:00Z", true],
  ["Sat,Sun 00:00-00:00 UTC", "2025-11-23T23:59:00Z", true],
  ["02:00-04:00 UTC", "2025-11-20T03:00:00Z", true],
  ["Fri-Mon 02:00-04:00 UTC", "2025-11-23T03:00:00Z", true],
];

for (const [window, time, inside] of moments) {
  test(`${time} is ${inside ? "inside" : "outside"} ${window}`, () => {
    assert.equal(windowContains(parseWindow(window)!, Date.parse(time)), inside);
  });
}

test("parseWindow() refuses what is no window", () => {
  for (
    const text of [
      "",
      "Tue",
      "Tue 2:00-4:00 UTC",
      "Tue 02:00-04:00",
      "Xyz 02:00-04:00 UTC",
      "Mon-Tue-Wed 02:00-04:00 UTC",
    ]
  ) {
    assert.equal(parseWindow(text), undefined, text);
  }
});

const meant: [word: string, candidates: string[], nearest: string | undefined][] = [
  ["upd", ["update", "uninstall"], "update"],
  ["upgrade", ["update", "uninstall"], "update"],
  ["u", ["update", "uninstall"], undefined],
  ["co", ["completions", "config"], undefined],
  ["UPDATE", ["update", "uninstall"], "update"],
  ["--y", ["--yes", "--to"], "--yes"],
  ["--dryrun", ["--dry-run", "--version"], "--dry-run"],
  // Short words are all near each other.
  ["--foo", ["--to", "--yes"], undefined],
  ["--x", ["--to", "--yes"], undefined],
  ["x", ["run"], undefined],
  ["ls", ["run"], undefined],
  ["foo", ["run", "config"], undefined],
];

for (const [word, candidates, expected] of meant) {
  test(`${word} is ${expected === undefined ? "near nothing" : `nearest to ${expected}`}`, () => {
    assert.equal(nearest(word, candidates), expected);
  });
}

test("nearest() finds what was meant, and nothing where nothing is near", () => {
  const keys = [...SETTING_KEYS];
  assert.equal(nearest("updates.chanel", keys), "updates.channel");
  assert.equal(nearest("updtaes.enabled", keys), "updates.enabled");
  assert.equal(nearest("servce.prot", keys), "service.port");
  assert.equal(nearest("completely different", keys), undefined);
  assert.equal(nearest("x".repeat(100_000), keys), undefined);
});

const places: [
  name: string,
  facts: Parameters<typeof pathsOf>[0],
  expected: Partial<ReturnType<typeof pathsOf>>,
][] = [
  ["Linux", facts("linux", {}, "/home/u"), {
    configFile: "/home/u/.config/cco/config.toml",
    stateDirectory: "/home/u/.local/state/cco",
    binDirectory: "/home/u/.local/bin",
    policyFile: "/etc/cco/policy.toml",
  }],
  ["XDG", facts("darwin", { XDG_CONFIG_HOME: "/c/", XDG_STATE_HOME: "/s" }, "/Users/u"), {
    configFile: "/c/cco/config.toml",
    stateDirectory: "/s/cco",
  }],
  ["a relative XDG path, which counts as none", facts("linux", { XDG_CONFIG_HOME: "c" }, "/home/u"), {
    configFile: "/home/u/.config/cco/config.toml",
  }],
  ["an account without a folder", facts("linux", {}, undefined), {
    configFile: undefined,
    stateDirectory: undefined,
    binDirectory: undefined,
  }],
  [
    "Windows",
    facts("windows", { APPDATA: "C:\\R", LOCALAPPDATA: "C:\\L", ProgramData: "D:\\P" }, "C:\\Users\\u"),
    {
      configFile: "C:\\R\\cco\\config.toml",
      stateDirectory: "C:\\L\\cco",
      policyFile: "D:\\P\\cco\\policy.toml",
      binDirectory: "C:\\Users\\u\\.local\\bin",
    },
  ],
];

function facts(
  os: string,
  env: Record<string, string>,
  home: string | undefined,
): Parameters<typeof pathsOf>[0] {
  return { os, env: (name) => env[name], home };
}

for (const [name, given, expected] of places) {
  test(`pathsOf() names the places of ${name}`, () => {
    const paths: Partial<ReturnType<typeof pathsOf>> = pathsOf(given);
    for (const [place, path] of Object.entries(expected)) {
      assert.equal(paths[place as keyof typeof paths], path);
    }
  });
}
