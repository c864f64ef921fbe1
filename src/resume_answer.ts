/**
 * What an answer to "the bytes from here on, please" means. Pure: a table of cases, tested as one.
 *
 * @module
 */

import { declaredLength } from "./http_body.ts";
import { parseContentRange } from "./resume_range.ts";

/** What was asked for, and what is known. */
export interface Question {
  /** The first byte asked for; 0 is a request for the whole file. */
  readonly offset: number;
  /** The `ETag` that was sent as `If-Range`. */
  readonly validator: string | undefined;
  /** How long the file is, where known. */
  readonly total: number | undefined;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
}

/** What to do with the body. */
export type Verdict =
  /** It belongs at the end of what is here, up to the byte before `end`. */
  | { readonly use: "append"; readonly total: number | undefined; readonly end: number | undefined }
  /** It is the whole file from the first byte. */
  | { readonly use: "whole"; readonly total: number | undefined }
  /** Nothing is missing: the file ends where we are. */
  | { readonly use: "complete"; readonly total: number }
  /** It is of no use; `total`, where it is given, is the length of the file there. */
  | { readonly use: "nothing"; readonly total: number | undefined };

/**
 * Judges an answer by its status and headers (RFC 9110 sections 14 and 15.3.7).
 *
 * @param question What was asked for.
 * @param answer What came back: 200, 206 or 416.
 */
export function judgeAnswer(question: Question, answer: Answer): Verdict {
  if (answer.status === 200) return { use: "whole", total: declaredLength(answer) };
  const range = parseContentRange(answer.headers.get("content-range"));
  if (answer.status === 416) {
    const total = range?.total;
    return total === question.offset ? { use: "complete", total } : { use: "nothing", total };
  }
  if (range?.start !== question.offset || range.end === undefined) {
    return { use: "nothing", total: undefined };
  }
  const end = range.end + 1;
  const usable = lengthFits(answer, end - question.offset) && isSameVersion(question, answer) &&
    (question.total === undefined || end <= question.total);
  return usable ? { use: "append", total: range.total, end } : { use: "nothing", total: undefined };
}

/** Whether the server compressed the body although it was asked not to. */
export function isEncoded({ headers }: Pick<Answer, "headers">): boolean {
  return !["", "identity"].includes(headers.get("content-encoding")?.trim().toLowerCase() ?? "");
}

/** A body that was compressed on the way is no part of the file, and its length says nothing. */
function lengthFits({ headers }: Answer, length: number): boolean {
  const declared = declaredLength({ headers });
  return !isEncoded({ headers }) && (declared === undefined || declared === length);
}

/** A server that ignores `If-Range` gives itself away by another `ETag`. */
function isSameVersion({ validator }: Question, { headers }: Answer): boolean {
  const etag = headers.get("etag");
  return validator === undefined || etag === null || etag === validator;
}
