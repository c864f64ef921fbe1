/**
 * HTTP/1.1 on a bare socket, as far as the fault server needs it.
 *
 * The runtimes' own HTTP servers refuse to lie about lengths and ranges, each in another way; a socket does not.
 *
 * @module
 */

import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import type { WireAnswer, WireRequest } from "./fault_answer.ts";

/** Request heads beyond this are refused. */
const HEAD_BYTES = 16 * 1024;
/** How much is handed to the socket at a time, so that what was sent can be counted. */
const SLICE_BYTES = 64 * 1024;
/** How long a connection stays open after the last byte before a cut; in milliseconds. */
const CUT_DELAY = 20;

/**
 * Reads the head of the one request of a connection.
 *
 * @param socket The connection.
 * @returns The request, or `undefined` when the client left or sent something else.
 */
export async function readRequest(socket: Socket): Promise<WireRequest | undefined> {
  const head = await readHead(socket);
  const [line = "", ...fields] = head?.split("\r\n") ?? [];
  const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(line) ?? [];
  if (method === undefined || path === undefined) return undefined;
  const pairs = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return { method, path, headers: new Map(pairs) };
}

/** How an answer is sent: what tells about it, and the clock of its pauses. */
export interface Sending {
  /** Called with the bytes of the body that were handed to the system. */
  readonly onSent: (bytes: number) => void;
  /** Called when the answer has gone silent for good. */
  readonly onSilent: () => void;
  /** Resolves after a pause, or when the server closes. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/**
 * Sends an answer and ends the connection in the way it says.
 *
 * @param socket The connection.
 * @param answer What to send.
 * @param sending Counter and clock.
 */
export async function sendAnswer(
  socket: Socket,
  answer: WireAnswer,
  { onSent, onSilent, wait }: Sending,
): Promise<void> {
  if (answer.raw !== undefined) {
    await write(socket, new TextEncoder().encode(answer.raw));
    socket.end();
    return;
  }
  if (!answer.silent) {
    await write(socket, headOf(answer));
    await sendBody(socket, answer, { onSent, wait });
  }
  if (answer.then === "endless") await sendZeros(socket, onSent);
  // Node and Bun drop bytes that they have not handed on when the end arrives: let them be read first.
  if (answer.then === "cut" && answer.sent > 0) await wait(CUT_DELAY);
  if (answer.then === "stall") onSilent();
  else socket.end();
}

function headOf({ status, headers }: WireAnswer): Uint8Array {
  const fields = [...headers, ["date", new Date().toUTCString()], ["connection", "close"]];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(`HTTP/1.1 ${status} ${status < 400 ? "Fine" : "Refused"}\r\n${lines}\r\n`);
}

async function sendBody(
  socket: Socket,
  answer: WireAnswer,
  { onSent, wait }: Omit<Sending, "onSilent">,
): Promise<void> {
  const step = answer.pace?.bytes ?? SLICE_BYTES;
  for (let offset = 0; offset < answer.sent && !socket.destroyed; offset += step) {
    if (answer.pace !== undefined && offset > 0) await wait(answer.pace.milliseconds);
    const slice = answer.body.subarray(offset, Math.min(offset + step, answer.sent));
    if (await write(socket, slice)) onSent(slice.length);
  }
}

async function sendZeros(socket: Socket, onSent: (bytes: number) => void): Promise<void> {
  const zeros = new Uint8Array(SLICE_BYTES);
  while (await write(socket, zeros)) {
    onSent(zeros.length);
    // Deno 2.7 calls back before the bytes have left: without a turn of the event loop the client never gets to read.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves once the system has taken the bytes; with `false` when the connection is gone. */
function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return Promise.resolve(false);
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    socket.once("close", gone);
    socket.write(bytes, (error) => {
      socket.off("close", gone);
      resolve(error === null || error === undefined);
    });
  });
}

function readHead(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const done = (head: string | undefined): void => {
      socket.off("data", onData);
      socket.off("close", onClose);
      resolve(head);
    };
    const onClose = () => done(undefined);
    const onData = (bytes: Uint8Array): void => {
      text += new TextDecoder("latin1").decode(bytes);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) done(text.slice(0, end));
      else if (text.length > HEAD_BYTES) done(undefined);
    };
    socket.on("data", onData);
    socket.on("close", onClose);
  });
}
