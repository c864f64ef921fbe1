/**
 * What the fault server can do wrong, as data.
 *
 * @module
 */

/** One thing that goes wrong with one answer. Several can be combined; they apply in the order given. */
export type Fault =
  /** Sends `after` bytes of the body as announced and then closes the connection; without a body: before any header. */
  | { readonly kind: "cut"; readonly after: number }
  /** Closes the connection without answering at all. */
  | { readonly kind: "drop" }
  /** Sends `after` bytes of the body and then nothing, ever; with `"headers"` it does not even answer. */
  | { readonly kind: "stall"; readonly after: number | "headers" }
  /** Sends `bytes` bytes at a time with `milliseconds` in between. */
  | { readonly kind: "drip"; readonly bytes: number; readonly milliseconds: number }
  /** Flips every bit of the byte at `at`, counted in the whole file. */
  | { readonly kind: "corrupt"; readonly at: number }
  /** Announces this `Content-Length`, whatever is sent; `undefined` announces none. */
  | { readonly kind: "length"; readonly value: string | undefined }
  /** Answers a range request with this `Content-Range`, whatever is sent; `undefined` sends none. */
  | { readonly kind: "content-range"; readonly value: string | undefined }
  /** Ignores `Range` and sends the whole file with status 200. */
  | { readonly kind: "ignore-range" }
  /** Ignores `If-Range`: sends the range of a file that has changed. */
  | { readonly kind: "ignore-if-range" }
  /** Redirects; to the same path this is a loop. */
  | { readonly kind: "redirect"; readonly to: string; readonly status?: number }
  /** Answers this status, with headers and a short body. */
  | {
    readonly kind: "status";
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }
  /** Sets or, with `undefined`, removes headers of the answer. */
  | { readonly kind: "headers"; readonly headers: Readonly<Record<string, string | undefined>> }
  /** Refuses as GitHub does: the hourly limit, or the limit of requests at a time with or without `Retry-After`. */
  | {
    readonly kind: "rate-limit";
    readonly limit: "primary" | "secondary" | "secondary-without-header";
    readonly seconds: number;
  }
  /** From now on, this request included, the path has other content and another `ETag`. */
  | { readonly kind: "switch"; readonly to: Uint8Array | string }
  /** Sends this content more than the file has. */
  | { readonly kind: "surplus"; readonly bytes: number }
  /** Sends zeros without end and announces no length. */
  | { readonly kind: "endless" }
  /** Sends the file gzip-compressed although it was not asked to. */
  | { readonly kind: "gzip" }
  /** Writes these bytes instead of an HTTP answer and closes the connection. */
  | { readonly kind: "raw"; readonly bytes: string };

/** The names of all faults, for tables that try each of them. */
export type FaultKind = Fault["kind"];
