/**
 * The body of an answer, read whole with a cap on what is decoded (T6).
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import type { HttpResponse } from "./exchange.ts";
import { redactUrl } from "./redact.ts";

/** The cap, and what is read, for the message. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly what: string;
}

/**
 * Reads a body to its end.
 *
 * @param response The answer.
 * @param limits How many decoded bytes are accepted.
 * @param attempts The number of this attempt, for messages.
 * @returns The bytes.
 * @throws {UpdateError} `TOO_LARGE`, and `NETWORK` when fewer bytes came than were announced: not every runtime notices.
 */
export async function readWhole(
  response: HttpResponse,
  limits: BodyLimits,
  attempts: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = declaredLength(response);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (declared !== undefined && declared > limits.maxBytes) length = declared;
  while (length <= limits.maxBytes) {
    const chunk = await response.read();
    if (chunk === undefined) {
      return await decoded(joined(chunks, length, declared, response, attempts), response, limits);
    }
    chunks.push(chunk);
    length += chunk.length;
  }
  await response.cancel();
  throw tooLarge(response, limits);
}

/** `Content-Length`, unless the body was encoded: then it counts other bytes than the ones read. */
export function declaredLength({ headers }: Pick<HttpResponse, "headers">): number | undefined {
  const value = headers.get("content-length")?.trim() ?? "";
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if ((encoding !== "" && encoding !== "identity") || !/^\d{1,15}$/.test(value)) return undefined;
  return Number(value);
}

function joined(
  chunks: Uint8Array[],
  length: number,
  declared: number | undefined,
  { url, status }: HttpResponse,
  attempts: number,
): Uint8Array<ArrayBuffer> {
  if (declared !== undefined && declared !== length && status === 200) {
    const shown = redactUrl(url);
    const message = `Cannot fetch ${shown}: the connection ended after ${length} of ${declared} bytes`;
    throw new UpdateError("NETWORK", message, { url: shown, attempts });
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Deno does not decode once `Accept-Encoding` is given; Node and Bun do. Documents never begin like a gzip file. */
async function decoded(
  bytes: Uint8Array<ArrayBuffer>,
  response: HttpResponse,
  limits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = response.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (!/^(?:x-)?gzip$/.test(encoding)) return requireText(bytes, encoding, response);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw damaged(response, error);
    });
    if (done) return joined(chunks, length, undefined, response, 1);
    length += value.length;
    if (length > limits.maxBytes) break;
    chunks.push(value);
  }
  await reader.cancel();
  throw tooLarge(response, limits);
}

/** Documents are text, and what a runtime has decoded is too, whatever the header still says; encoded bytes are not. */
function requireText(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: string,
  { url }: HttpResponse,
): Uint8Array<ArrayBuffer> {
  if (encoding === "" || encoding === "identity" || isText(bytes)) return bytes;
  const shown = redactUrl(url);
  const message = `Cannot fetch ${shown}: the server sent it with Content-Encoding ` +
    `${JSON.stringify(encoding.slice(0, 40))}, which was not asked for; have the server send it as it is`;
  throw new UpdateError("NETWORK", message, { url: shown, attempts: 1 });
}

function isText(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // deno-lint-ignore no-control-regex
    return !/[\0-\x08\x0e-\x1f]/.test(text);
  } catch {
    return false;
  }
}

function damaged({ url }: HttpResponse, cause: unknown): UpdateError<"NETWORK"> {
  const shown = redactUrl(url);
  const message = `Cannot fetch ${shown}: the server sent damaged compressed data`;
  return new UpdateError("NETWORK", message, { url: shown, attempts: 1 }, { cause });
}

function tooLarge(response: HttpResponse, { maxBytes, what }: BodyLimits): UpdateError<"TOO_LARGE"> {
  const source = redactUrl(response.url);
  const message = `Cannot read the ${what} from ${source}: it is larger than ${maxBytes} bytes`;
  return new UpdateError("TOO_LARGE", message, { what, limit: maxBytes, source });
}
