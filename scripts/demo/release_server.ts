/**
 * A release server on this machine only: files by name, whole or in part.
 *
 * @module
 */

/** A running server. `Symbol.asyncDispose` stops it. */
export interface ReleaseServer extends AsyncDisposable {
  /** The address of its files, ending in `/`. */
  readonly base: string;
  /** The files by their names in the address: a path, or the content itself. They may be changed at any time. */
  readonly files: Map<string, string | { readonly text: string }>;
  /** The names that were asked for, in order. */
  readonly requests: string[];
}

/** Starts a server on a free port of the loopback interface, without files. */
export function startReleaseServer(): ReleaseServer {
  const files: ReleaseServer["files"] = new Map();
  const requests: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      requests.push(nameIn(request));
      return answer(files, request);
    },
  );
  return {
    base: `http://127.0.0.1:${server.addr.port}/`,
    files,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function answer(files: ReleaseServer["files"], request: Request): Promise<Response> {
  const file = files.get(nameIn(request));
  if (file === undefined) return new Response("There is no such file\n", { status: 404 });
  if (typeof file !== "string") return new Response(file.text);
  const { size } = await Deno.stat(file);
  const start = rangeStart(request, size);
  const headers = { "content-length": String(size - start), "accept-ranges": "bytes" };
  const body = await readFrom(file, start);
  if (start === 0) return new Response(body, { headers });
  return new Response(body, {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${start}-${size - 1}/${size}` },
  });
}

function nameIn(request: Request): string {
  return new URL(request.url).pathname.slice(1);
}

/** Of a range only its beginning counts: that is all that resuming asks for (RFC 9110 section 14.2 lets us). */
function rangeStart(request: Request, size: number): number {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
  return start < size ? start : 0;
}

async function readFrom(path: string, start: number): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  return file.readable;
}
