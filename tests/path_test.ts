import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOfFileUrl, shellWord } from "../src/path.ts";

const paths: [url: string, os: "linux" | "windows", path: string][] = [
  ["file:///srv/releases/version-manifest.json", "linux", "/srv/releases/version-manifest.json"],
  ["file:///srv/a%20b/%C3%A4%25", "linux", "/srv/a b/ä%"],
  ["file://localhost/srv/a", "linux", "/srv/a"],
  ["file:///srv/a%5Cb", "linux", "/srv/a\\b"],
  ["file:///C:/Program%20Files/app.zip", "windows", "C:\\Program Files\\app.zip"],
  ["file:///C:/", "windows", "C:\\"],
  ["file://server/share/a%20b", "windows", "\\\\server\\share\\a b"],
];

for (const [url, os, path] of paths) {
  test(`pathOfFileUrl() of ${url} on ${os} is ${path}`, () => {
    assert.equal(pathOfFileUrl(url, os), path);
  });
}

const refused: [url: string, os: "linux" | "windows", why: RegExp][] = [
  ["file:///srv/a%2Fb", "linux", /has an encoded separator/],
  ["file:///srv/a%00", "linux", /has an encoded separator or NUL/],
  ["file://server/srv/a", "linux", /names a server/],
  ["file:///srv/a", "windows", /has no drive/],
  ["file:///C:/a%5Cb", "windows", /has an encoded separator/],
  ["file:///srv/100%/", "linux", /is not encoded UTF-8/],
  ["file:///srv/%ff", "linux", /is not encoded UTF-8/],
];

for (const [url, os, message] of refused) {
  test(`pathOfFileUrl() refuses ${url} on ${os}`, () => {
    assert.throws(() => pathOfFileUrl(url, os), { name: "TypeError", message });
  });
}

const words: [path: string, word: string][] = [
  ["/opt/app/bin-1.0", "/opt/app/bin-1.0"],
  ["/opt/my app/app", "'/opt/my app/app'"],
  ["/opt/it's/$HOME;rm", "'/opt/it'\\''s/$HOME;rm'"],
  ["/opt/ä", "'/opt/ä'"],
];

for (const [path, word] of words) {
  test(`shellWord() writes ${path} as ${word}`, () => assert.equal(shellWord(path), word));
}
