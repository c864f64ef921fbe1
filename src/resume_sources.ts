/**
 * The addresses of one file: how each has behaved, and which to ask next.
 *
 * @module
 */

import { UpdateError } from "./errors.ts";
import { PROGRESS_BYTES, RETRIES } from "./limits.ts";
import { backoff, isTransient, pauseAfter, type RetryRuntime } from "./retry.ts";

/** One address and how it has behaved. */
export interface DownloadSource {
  /** The address. */
  readonly url: string;
  /** How often it was asked. */
  attempts: number;
  /** Failures since it last brought anything new. */
  failures: number;
  /** Not to be asked before, in milliseconds since the epoch. */
  notBefore: number;
  /** It cannot continue a file, or what it said when asked to made no sense: only the whole file is asked for. */
  wholeOnly: boolean;
  /** Why it is not asked any more. */
  dead: UpdateError | undefined;
}

/** The addresses of one file, in order of preference. */
export class DownloadSources {
  readonly #runtime: RetryRuntime;
  readonly #retries: number;
  readonly #sources: readonly DownloadSource[];

  /**
   * @param runtime Clock and chance.
   * @param urls The addresses.
   * @param retries How often each may fail in a row and be asked again.
   */
  constructor(runtime: RetryRuntime, urls: readonly string[], retries: number = RETRIES) {
    this.#runtime = runtime;
    this.#retries = retries;
    this.#sources = urls.map((url) => (
      { url, attempts: 0, failures: 0, notBefore: 0, wholeOnly: false, dead: undefined }
    ));
  }

  /**
   * The one to ask next: it failed least and needs the shortest pause; while there is something to continue, one that
   * can continue it comes first. A source that broke off after it had brought something stays the preferred one.
   *
   * @param hasPart Whether there is something to continue.
   * @throws {UpdateError} The failure to report, when none is left.
   */
  next(hasPart: boolean): DownloadSource {
    const rank = (source: DownloadSource): number[] => [
      Number(hasPart && source.wholeOnly),
      source.failures,
      source.failures === 0 ? 0 : source.notBefore,
    ];
    const live = this.#sources.filter(({ dead }) => dead === undefined);
    const [best] = live.toSorted((a, b) => compare(rank(a), rank(b)));
    if (best === undefined) throw this.#failure();
    return best;
  }

  /** Whether some address might still continue a partial file. */
  get canContinue(): boolean {
    return this.#sources.some(({ dead, wholeOnly }) => dead === undefined && !wholeOnly);
  }

  /**
   * Notes that a source failed.
   *
   * @param source Which one.
   * @param error How.
   * @param gained How many bytes it brought that had never been here: enough of them earn a fresh set of retries.
   */
  failed(source: DownloadSource, error: UpdateError, gained: number): void {
    source.failures = gained >= PROGRESS_BYTES ? 0 : source.failures + 1;
    const pause = this.#pauseFor(source, error);
    if (pause === undefined) source.dead = error;
    else source.notBefore = this.#runtime.now() + pause;
  }

  /** Gives up on these sources, or, when `undefined` is among them, on all. */
  condemn(guilty: Iterable<DownloadSource | undefined>, failure: (url: string) => UpdateError): void {
    const named = [...guilty];
    for (const source of this.#sources) {
      if (named.includes(undefined) || named.includes(source)) source.dead ??= failure(source.url);
    }
  }

  #pauseFor({ failures }: DownloadSource, error: UpdateError): number | undefined {
    if (failures === 0 && isTransient(error)) return backoff(this.#runtime, 1);
    return failures > this.#retries ? undefined : pauseAfter(this.#runtime, error, failures);
  }

  /** Wrong bytes before anything else, then the first source's failure: it is the one the publisher prefers. */
  #failure(): UpdateError {
    const failures = this.#sources.flatMap(({ dead }) => dead ?? []);
    const isWrong = ({ code }: UpdateError) => code === "DIGEST_MISMATCH" || code === "SIZE_MISMATCH";
    const failure = failures.find(isWrong) ?? failures[0];
    if (failure === undefined) throw new RangeError("Cannot download a file: there is no address for it");
    if (failures.length === 1) return failure;
    const cause = new AggregateError(failures, `All ${failures.length} sources failed`);
    const message = `${failure.message} (so did ${failures.length - 1} more of its addresses)`;
    return new UpdateError(failure.code, message, failure.details, { cause });
  }
}

function compare(a: number[], b: number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
