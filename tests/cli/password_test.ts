/** A password on a real terminal: asked for, not shown, and Ctrl-C ends it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { INIT, ok, placeKeys } from "./desk.ts";
import { secretKeyFile } from "../../src/minisign_key_file.ts";
import { testKey } from "../support/signed_release.ts";
import { TestWorld } from "./world.ts";

const skipped = await missing() ? { skip: "script (util-linux) is not here: it makes the terminal" } : {};
const cli = new URL("../../cli.ts", import.meta.url).pathname;

const typed: [keys: string, code: number, shown: RegExp][] = [
  ["hunx\x7fter2\r", 0, /^Password of release\.key: \r\n→ expires: /],
  ["hunter\r", 2, /^Password of release\.key: \r\nCannot use the secret key: the password is wrong/],
  ["hunt\x03", 130, /^Password of release\.key: \r\nCancelled\. Nothing was changed\r\n$/],
];

for (const [keys, code, shown] of typed) {
  test(
    `on a terminal, ${JSON.stringify(keys)} as the password exits ${code} and is not shown`,
    skipped,
    async () => {
      await using world = await TestWorld.make();
      await placeKeys(world);
      await ok(world, INIT);
      const protection = {
        password: "hunter2",
        salt: new Uint8Array(32),
        cost: { operations: 32_768, memory: 1 << 24 },
      };
      const text = await secretKeyFile(await testKey(2), { protection });
      await Deno.writeTextFile(`${world.folder}/release.key`, text, { mode: 0o600 });
      const screen = await onTerminal(
        world,
        "release refresh --folder releases --key-file release.key",
        keys,
      );
      assert.equal(screen.code, code, screen.text);
      assert.match(screen.text, shown);
      assert(!screen.text.includes("hun"), screen.text);
    },
  );
}

/** Types some keys as soon as a question stands there. */
async function onTerminal(
  world: TestWorld,
  words: string,
  keys: string,
): Promise<{ code: number; text: string }> {
  const line = `'${Deno.execPath()}' run -A '${cli}' ${words}`;
  const child = new Deno.Command("script", {
    args: ["-q", "-e", "-c", line, "/dev/null"],
    cwd: world.folder,
    env: { XDG_CONFIG_HOME: world.home, XDG_STATE_HOME: world.home, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  let text = "", isAnswered = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isAnswered || !text.endsWith(": ")) continue;
    isAnswered = true;
    await writer.write(new TextEncoder().encode(keys));
  }
  await writer.close().catch(() => {});
  return { code: (await child.status).code, text };
}

async function missing(): Promise<boolean> {
  try {
    return !(await new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" })
      .output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
