/**
 * The chain of roots: each one is vouched for by the one before it and by itself.
 *
 * @module
 */

import { isUpdateError, UpdateError } from "../errors.ts";
import { ROOT_BYTES } from "../limits.ts";
import { parseObject } from "./document.ts";
import type { SignedBytes, TrustContext } from "./policy.ts";
import { requireComment, requireQuorum, requireSize, untrusted } from "./quorum.ts";
import { readRoot, type Root } from "./root.ts";

/** The last root of a chain and the signed roots that led there. */
export interface RootChain {
  /** The root that decides. */
  readonly root: Root;
  /** The roots after the compiled-in one. */
  readonly steps: readonly SignedBytes[];
  /** Whether some of them are not in the state. */
  readonly changed: boolean;
}

/** So many rotations are never missed; more is an attack on the processor (T11). */
const STEPS = 64;

/**
 * Walks from the compiled-in root to the newest one that can be had: from the state as far as that goes, then by asking
 * the source until it has no further one.
 *
 * @param first The compiled-in root.
 * @param context The circumstances.
 * @param source Where roots are fetched from, for messages.
 * @returns The newest root, which is not expired, and how it was reached.
 * @throws {UpdateError} `UNTRUSTED` with `root-invalid`, `root-expired` or `replayed`; `TOO_LARGE`.
 */
export async function walkRoots(first: Root, context: TrustContext, source: string): Promise<RootChain> {
  const steps: SignedBytes[] = [];
  let kept = context.state?.roots ?? [];
  let root = first;
  let changed = false;
  for (;;) {
    const known = await keptRoot(root, kept, source);
    const step = known ?? await fetchNext(root, context, source);
    if (!step) break;
    // T11: a chain without an end would keep the program busy for ever.
    if (steps.length === STEPS) throw tooLong(source);
    if (known) kept = kept.slice(kept.indexOf(known.signed) + 1);
    else changed = true;
    steps.push(step.signed);
    root = step.root;
  }
  // T2, T11: a source that hides roots would bring keys back that were withdrawn.
  if (root.version < (context.state?.rootVersion ?? 0)) {
    const problem =
      `root ${context.state?.rootVersion} was seen before, now only root ${root.version} can be had`;
    throw untrusted(source, "replayed", problem);
  }
  // T3: an expired root in the middle is of the past; an expired last one may be one that somebody holds back.
  if (context.now >= root.expires) {
    const problem = `its root ${root.version} expired at ${new Date(root.expires).toISOString()}`;
    throw untrusted(source, "root-expired", problem);
  }
  return { root, steps, changed };
}

/** The next root as it was kept, verified like a fetched one: the state file is no authority (T29, T35). */
async function keptRoot(
  current: Root,
  kept: readonly SignedBytes[],
  source: string,
): Promise<{ root: Root; signed: SignedBytes } | undefined> {
  for (const signed of kept) {
    try {
      return { root: await succeed(current, signed, source), signed };
    } catch {
      // Another step of the chain, or damaged; the source is asked instead.
    }
  }
  return undefined;
}

async function fetchNext(
  current: Root,
  context: TrustContext,
  source: string,
): Promise<{ root: Root; signed: SignedBytes } | undefined> {
  const signed = await context.fetchRoot(current.version + 1);
  return signed && { root: await succeed(current, signed, source), signed };
}

/** The root in `signed`, once it is shown to be the rightful successor of `current`. */
async function succeed(current: Root, signed: SignedBytes, source: string): Promise<Root> {
  const version = current.version + 1;
  const document = { ...signed, source: `root ${version} of ${source}` };
  requireSize(document.bytes, ROOT_BYTES, "root", document.source);
  try {
    const purpose = { kind: "cco-root/1", app: current.app } as const;
    // T11: the old keys say who the new ones are ...
    const oldVotes = await requireQuorum(document, current.root, purpose);
    const next = readRoot(parseObject(document.bytes));
    // ... and the new ones show that they are in use, so that a mistake cannot lock everybody out.
    const newVotes = await requireQuorum(document, next.root, purpose);
    // T12: all of them saw which root they signed.
    requireComment([...oldVotes, ...newVotes], `cco-root/1 ${current.app} ${version}`, document.source);
    // T2: an old root cannot be passed off as the next.
    if (next.version !== version) throw new TypeError(`Cannot use the root: it is number ${next.version}`);
    // T9: nor one of another program.
    if (next.app !== current.app) throw new TypeError(`Cannot use the root: it is for ${next.app}`);
    return next;
  } catch (cause) {
    if (isUpdateError(cause) && cause.code !== "UNTRUSTED") throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw untrusted(document.source, "root-invalid", `it does not follow root ${current.version} (${why})`, {
      cause,
    });
  }
}

function tooLong(source: string): UpdateError<"TOO_LARGE"> {
  const what = "chain of roots";
  const message =
    `Cannot use ${source}: its ${what} has more than ${STEPS} steps; install the current version by hand`;
  return new UpdateError("TOO_LARGE", message, { what, limit: STEPS, source });
}
