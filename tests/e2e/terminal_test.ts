/** A compiled `cco` in a real pseudo-terminal: widths, colour, the bar, and Ctrl-C wherever somebody is asked or waits. */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { hostPlatform } from "../../scripts/compile/platforms.ts";
import { namesIn } from "../../scripts/demo/home.ts";
import { publishManifest } from "../../scripts/demo/release.ts";
import type { Command } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { RELEASE_KEY } from "../support/deno/compiled_version.ts";
import {
  drawnLines,
  type Session,
  SKIP_SESSIONS,
  terminalSession,
  type Typing,
} from "../support/deno/pseudo_terminal.ts";
import { NEW, OLD, type Published, published } from "../support/deno/published.ts";

const skip = SKIP_SESSIONS;
const QUESTION = "Update now? [Y/n]: ";
const CTRL_C = "\x03";

/** Types a command line into a terminal in the home of a release. */
async function typed(
  { home }: Pick<Published, "home">,
  words: string,
  { columns = 80, env = {}, typing = [] as Typing } = {},
): Promise<Session> {
  const options = { columns, typing, env: { ...home.env, ...env }, cwd: home.folder };
  return await terminalSession(`'${home.executable}' ${words}`, options);
}

/** The words of every command that there is. */
function allCommands(command: Command = COMMANDS, words: readonly string[] = []): string[] {
  const below = (command.commands ?? []).filter(({ hidden }) => !hidden);
  return [words.join(" "), ...below.flatMap((next) => allCommands(next, [...words, next.name]))];
}

for (const columns of [40, 80, 120, 200]) {
  test(`help and an update fit a terminal of ${columns} columns`, { skip }, async (t) => {
    const release = await published(t);
    release.manifest.versions[NEW]!["notes"] = `- ${"word ".repeat(60)}\n\n## Heading\n* **Bold** \`code\``;
    await publishManifest(release.server, release.manifest, RELEASE_KEY);
    const lines = allCommands().map((words) => `${words} --help`);
    for (const words of [...lines, "update --check", "update --yes", "version"]) {
      const { code, screen } = await typed(release, words, { columns });
      assert.equal(code, 0, screen);
      // Examples are for copying, and are not folded.
      const long = drawnLines(screen).filter((line) => line.length > columns && !line.startsWith("  cco "));
      assert.deepEqual(long, [], words);
    }
  });
}

const PLAIN: readonly (readonly [name: string, env: Record<string, string>])[] = [
  ["NO_COLOR", { NO_COLOR: "1" }],
  ["TERM=dumb", { TERM: "dumb" }],
];

for (const [name, env] of PLAIN) {
  test(`a terminal with ${name} gets no escape sequence and the same words`, { skip }, async (t) => {
    const release = await published(t);
    const { code, screen } = await typed(release, "update", { env, typing: [[QUESTION, "y\n"]] });
    assert.equal(code, 0, screen);
    assert(!screen.includes("\x1b") && !screen.includes("\r"), JSON.stringify(screen));
    assert.match(
      screen,
      /→ Downloading CCO v2025\.11\.2\.\.\.\n→ Verifying checksum\.\.\.\n {2}✓ Checksum verified\n/,
    );
  });
}

const ANSWERS: readonly (readonly [keys: readonly string[], code: number, says: RegExp, version: string])[] =
  [
    [["\n"], 0, /✅ Successfully updated to v2025\.11\.2/, NEW],
    [["YES\n"], 0, /✅ Successfully updated to v2025\.11\.2/, NEW],
    [["perhaps\n", "n\n"], 0, /\[Y\/n\]: perhaps\nUpdate now\? \[Y\/n\]: n\nUpdate cancelled/, OLD],
    [["\x04"], 0, /Update cancelled/, OLD],
    [[CTRL_C], 130, /Cancelled\. Nothing was changed/, OLD],
  ];

for (const [keys, code, says, version] of ANSWERS) {
  test(`${JSON.stringify(keys.join(""))} to the question exits ${code}`, { skip }, async (t) => {
    const release = await published(t);
    const { home } = release;
    const session = await typed(release, "update", { typing: keys.map((answer) => [QUESTION, answer]) });
    assert.equal(session.code, code, session.screen);
    assert.match(session.screen, says);
    assert.equal((await home.run("--version")).stdout, `cco ${version}\n`);
    assert.deepEqual(await home.installed(), version === OLD ? ["cco"] : ["cco", "cco.backup"]);
  });
}

test("Ctrl-C at a key's password exits 130, twice over, and no key is written", { skip }, async (t) => {
  const release = await published(t);
  const { folder } = release.home;
  const sessions: Typing[] = [
    [["New password of ", CTRL_C]],
    [["New password of ", "hunter2\r"], ["The same again: ", CTRL_C]],
  ];
  for (const typing of sessions) {
    const { code, screen } = await typed(release, "release keygen my.key", { typing });
    assert.equal(code, 130, screen);
    assert.match(screen, /Cancelled\. Nothing was changed/);
    assert(!screen.includes("hunter2"));
    assert.deepEqual((await namesIn(folder)).filter((name) => name.startsWith("my.key")), []);
  }
});

test(
  "Ctrl-C in the editor is the editor's; one that it ends exits 130 and changes nothing",
  { skip },
  async (t) => {
    const release = await published(t);
    const { home } = release;
    assert.equal((await home.run("config", "set", "updates.channel", "beta")).code, 0);
    const file = join(home.folder, ".config/cco/config.toml");
    const before = await Deno.readTextFile(file);
    const editors: (readonly [script: string, code: number, after: string])[] = [
      ["echo open; exec sleep 600", 130, before],
      // As vi does.
      [
        `trap 'echo "# kept" >> "$1"; exit 0' INT; echo open; while :; do sleep 0.1; done`,
        0,
        `${before}# kept\n`,
      ],
    ];
    for (const [script, code, after] of editors) {
      const editor = join(home.folder, "editor");
      await Deno.writeTextFile(editor, `#!/bin/bash\n${script}\n`, { mode: 0o755 });
      const session = await typed(release, "config edit", {
        env: { EDITOR: editor },
        typing: [["open", CTRL_C]],
      });
      assert.equal(session.code, code, session.screen);
      assert.equal(await Deno.readTextFile(file), after);
      assert.deepEqual(await namesIn(join(home.folder, ".config/cco")), ["config.toml"]);
    }
  },
);

test("Ctrl-C in the moment in which the editor ends is the editor's, too", { skip }, async (t) => {
  const release = await published(t);
  const { home } = release;
  const editor = join(home.folder, "editor");
  await Deno.writeTextFile(editor, "#!/bin/sh\nkill -INT $PPID\n", { mode: 0o755 });
  assert.equal((await home.run("config", "set", "updates.channel", "beta")).code, 0);
  for (let time = 0; time < 20; time++) {
    const { code, screen } = await typed(release, "config edit", { env: { EDITOR: editor } });
    assert.equal(code, 0, screen);
    assert.match(screen, /Configuration unchanged/);
  }
  assert.deepEqual(await namesIn(join(home.folder, ".config/cco")), ["config.toml"]);
});

test("Ctrl-C while a log is followed is its end", { skip }, async (t) => {
  const release = await published(t);
  const logs = join(release.home.folder, ".local/state/cco/logs");
  await Deno.mkdir(logs, { recursive: true });
  await Deno.writeTextFile(join(logs, "cco.log"), "2025-11-17T14:32:15Z [INFO] Starting update check\n");
  const typing: Typing = [["Starting update check", CTRL_C]];
  const { code, screen } = await typed(release, "daemon logs --follow", { typing });
  assert.equal(code, 0, screen);
});

test("a reader that goes away early is no failure", { skip }, async (t) => {
  const { home } = await published(t);
  const line = `'${home.executable}' config show --effective | head -1; echo "\${PIPESTATUS[0]}"`;
  const options = { args: ["-c", line], env: home.env, clearEnv: true };
  const { stdout, stderr } = await new Deno.Command("bash", options).output();
  const text = new TextDecoder().decode(stdout);
  assert.deepEqual([text.split("\n").slice(1), stderr.length], [["0", ""], 0], text);
});

test(
  "Ctrl-C in a download exits 130; the next update goes on, and its bar starts where the first one ended",
  { skip },
  async (t) => {
    const release = await published(t);
    const { home, old } = release;
    await using slow = await trickle(t, release);
    const typing: Typing = [[/[1-9]\d %/, CTRL_C]];
    const first = await typed(release, "update --yes", { env: slow.env, typing });
    assert.equal(first.code, 130, first.screen);
    assert.match(first.screen, /Cancelled\. Nothing was changed/);
    assert.deepEqual(await home.installed(), ["cco"]);
    assert.equal(await fileDigest(home.executable), old.sha256);

    slow.isWhole = true;
    const second = await typed(release, "update --yes", { env: slow.env });
    assert.equal(second.code, 0, second.screen);
    const [, start = 0] = slow.starts;
    assert(start > 0, `it asked for all of it again: ${slow.starts}`);
    const had = Math.floor(start / slow.size * 100);
    const shares = drawnLines(second.screen).flatMap((line) => /(\d+) %/.exec(line)?.[1] ?? []).map(Number);
    assert(shares.length > 0 && shares.every((share) => share >= had && share <= 100), `${had}: ${shares}`);
    for (const line of drawnLines(second.screen)) assert(line.length < 80, line);
    assert.equal((await home.run("--version")).stdout, `cco ${NEW}\n`);
  },
);

/** A server that sends half of the archive at once and the rest by the drop, until it is told to send all of it. */
async function trickle(t: Pick<TestContext, "after">, release: Published): Promise<Trickle> {
  const asset = release.manifest.versions[NEW]!.platforms[hostPlatform()]!;
  const path = release.server.files.get(basename(String(asset["url"])));
  assert(typeof path === "string");
  const bytes = await Deno.readFile(path);
  const slow = new Trickle(bytes);
  t.after(() => slow[Symbol.asyncDispose]());
  asset["url"] = `${slow.base}cco.tar.gz`;
  await publishManifest(release.server, release.manifest, RELEASE_KEY);
  return slow;
}

class Trickle implements AsyncDisposable {
  /** Where each request began. */
  readonly starts: number[] = [];
  /** Whether everything is sent at once. */
  isWhole = false;
  readonly env = {};
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    const answer = (request: Request): Response => this.#answer(request);
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  }

  get base(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    this.starts.push(start);
    const headers = {
      etag: '"1"',
      "content-length": `${this.size - start}`,
      "content-range": `bytes ${start}-${this.size - 1}/${this.size}`,
    };
    const body = this.isWhole ? this.#bytes.slice(start) : this.#drops(start);
    return new Response(body, { status: start === 0 ? 200 : 206, headers });
  }

  #drops(start: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let offset = start;
    return new ReadableStream({
      pull: async (controller) => {
        const half = this.size >> 1;
        if (offset >= half) await new Promise((resolve) => setTimeout(resolve, 20));
        const end = offset < half ? half : Math.min(this.size, offset + 1024);
        controller.enqueue(this.#bytes.slice(offset, end));
        offset = end;
        if (offset === this.size) controller.close();
      },
    });
  }
}
