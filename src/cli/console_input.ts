/**
 * What is typed, shown or not, and what is piped in. Loaded by the few commands that ask.
 *
 * @module
 */

import { Interrupted } from "./terminal.ts";

const INPUT_BYTES = 64 * 1024;
const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ["\x03", "\x04", "\b", "\x7f"];

/**
 * Reads a line from the terminal.
 *
 * @param signal Ends the wait.
 * @returns The line, or `undefined` at the end of input.
 */
export async function readLine(signal: AbortSignal): Promise<string | undefined> {
  let line = "";
  for await (const text of chunks(signal)) {
    line += text;
    const end = line.indexOf("\n");
    if (end >= 0) return line.slice(0, end).replace(/\r$/, "");
    if (line.length > 4096) break;
  }
  return line === "" ? undefined : line;
}

/**
 * Reads a line from the terminal without showing it. Nothing that is typed after the question can be seen: the terminal
 * is switched before.
 *
 * @param write Writes to the screen.
 * @param question What is asked.
 * @param signal Ends the wait.
 * @returns The line, or `undefined` at the end of input.
 * @throws {Interrupted} At Ctrl-C, which reaches a raw terminal as a character.
 */
export async function readHidden(
  write: (text: string) => void,
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  Deno.stdin.setRaw(true);
  try {
    write(question);
    let line = "";
    for await (const character of characters(signal)) {
      if (character === CTRL_C) throw new Interrupted(130);
      if (character === "\r" || character === "\n") return line;
      if (character === CTRL_D && line === "") return undefined;
      const isErasing = character === BACKSPACE || character === DELETE;
      line = isErasing ? [...line].slice(0, -1).join("") : line + character;
    }
    return undefined;
  } finally {
    Deno.stdin.setRaw(false);
    write("\n");
  }
}

/**
 * Reads all of standard input.
 *
 * @param signal Ends the wait.
 * @returns The text.
 * @throws {RangeError} When it is longer than 64 KiB.
 */
export async function readInput(signal: AbortSignal): Promise<string> {
  let text = "";
  for await (const chunk of chunks(signal)) {
    text += chunk;
    if (text.length > INPUT_BYTES) {
      throw new RangeError("Cannot read standard input: it is longer than 64 KiB");
    }
  }
  return text;
}

async function* characters(signal: AbortSignal): AsyncGenerator<string> {
  for await (const chunk of chunks(signal)) yield* chunk;
}

async function* chunks(signal: AbortSignal): AsyncGenerator<string> {
  const aborted = Promise.withResolvers<never>();
  // Nobody may be waiting when it happens.
  aborted.promise.catch(() => {});
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await Promise.race([Deno.stdin.read(buffer), aborted.promise]);
      if (count === null) return;
      yield decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
