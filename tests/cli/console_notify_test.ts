/** Datagrams to a socket that another program has opened, as systemd has. */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { notify } from "../../src/cli/console_notify.ts";

/** Receives as systemd does: the kernel names the sender. */
const RECEIVER = `
import socket, struct, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind("\\0" + path[1:] if path[0] == "@" else path)
print("listening", flush=True)
for _ in range(2):
    data, extra, _, _ = s.recvmsg(4096, 256)
    sender = struct.unpack("iii", extra[0][2])[0]
    print(sender, repr(data.decode()), flush=True)
`;
import { leaveOut } from "../support/skipped.ts";

/** Lines of the receiver, or `undefined` where there is no Python. */
function receiver(t: TestContext, path: string): ReadableStreamDefaultReader<string> | undefined {
  try {
    const command = new Deno.Command("python3", { args: ["-c", RECEIVER, path], stdout: "piped" });
    const child = command.spawn();
    t.after(() => endOf(child));
    return child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** So many lines. */
async function read(reader: ReadableStreamDefaultReader<string>, count: number): Promise<string> {
  let text = "";
  while (text.split("\n").length <= count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  return text;
}

const isLinux = Deno.build.os === "linux";

for (const kind of ["a path", "an abstract name"]) {
  test(
    `systemd receives what is sent to ${kind}, and from whom`,
    { skip: !isLinux && "needs Linux" },
    async (t) => {
      const folder = await mkdtemp("/tmp/cco-notify-");
      t.after(() => rm(folder, { recursive: true, force: true }));
      const address = kind === "a path" ? join(folder, "notify é") : `@${folder}/notify`;
      const lines = receiver(t, address);
      if (lines === undefined) return leaveOut(t, "python3 is not installed");
      assert.equal(await read(lines, 1), "listening\n");
      await notify(address, "READY=1\nSTATUS=é");
      await notify(address, "WATCHDOG=1");
      assert.equal(
        await read(lines, 2),
        `${process.pid} 'READY=1\\nSTATUS=é'\n${process.pid} 'WATCHDOG=1'\n`,
      );
    },
  );
}

test("what cannot be sent is said", { skip: !isLinux && "needs Linux" }, async () => {
  await assert.rejects(notify("/nonexistent/notify", "READY=1"), /nobody listens at \/nonexistent\/notify/);
  await assert.rejects(notify(`/${"x".repeat(120)}`, "READY=1"), /its address is too long/);
});

async function endOf(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await child.status;
}
