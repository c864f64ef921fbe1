/**
 * The chain of roots: each one is vouched for by the one before it and by itself.
 *
 * @module
 */

import { isUpdateError } from "../errors.ts";
import { ROOT_BYTES } from "../limits.ts";
import { parseObject } from "./document.ts";
import type { SignedBytes, TrustContext } from "./policy.ts";
import { requireComment, requireQuorum, requireSize, tooLarge, untrusted } from "./quorum.ts";
import { badRoot, readRoot, type Root } from "./root.ts";

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
  let root = first;
  for (const signed of context.state?.roots ?? []) {
    // Verified like a fetched one: the state is no authority. What does not follow is asked for instead (T29, T35).
    const next = await succeed(root, signed, source).catch(() => undefined);
    if (!next) continue;
    steps.push(signed);
    root = next;
  }
  const known = steps.length;
  for (;;) {
    const signed = await context.fetchRoot(root.version + 1);
    if (!signed) break;
    // T11: a chain without an end would keep the program busy for ever.
    if (steps.length >= STEPS) throw tooLarge("chain of roots", STEPS, "steps", source);
    root = await succeed(root, signed, source);
    steps.push(signed);
  }
  // T2, T11: a source that hides roots would bring keys back that were withdrawn.
  if (root.version < (context.state?.rootVersion ?? 0)) {
    throw untrusted(source, "replayed", `a root above ${root.version} was seen before`);
  }
  // T3: an expired root in the middle is of the past; an expired last one may be one that somebody holds back.
  if (context.now >= root.expires) {
    throw untrusted(source, "root-expired", `its root ${root.version} has expired`);
  }
  return { root, steps, changed: steps.length > known };
}

/** The root in `signed`, once it is shown to be the rightful successor of `current`. */
async function succeed(current: Root, signed: SignedBytes, source: string): Promise<Root> {
  const version = current.version + 1;
  const document = { ...signed, source: `root ${version} of ${source}` };
  requireSize(document.bytes, ROOT_BYTES, "root", document.source);
  try {
    // T11: the old keys say who the new ones are ...
    const oldVotes = await requireQuorum(document, current.root, "cco-root/1", current.app);
    const next = readRoot(parseObject(document.bytes));
    // ... and the new ones show that they are in use, so that a mistake cannot lock everybody out.
    const newVotes = await requireQuorum(document, next.root, "cco-root/1", current.app);
    // T12: all of them saw which root they signed.
    requireComment([...oldVotes, ...newVotes], `cco-root/1 ${current.app} ${version}`, document.source);
    // T2: an old root cannot be passed off as the next.
    if (next.version !== version) throw badRoot(`it is number ${next.version}`);
    // T9: nor one of another program.
    if (next.app !== current.app) throw badRoot(`it is for ${next.app}`);
    return next;
  } catch (cause) {
    if (isUpdateError(cause) && cause.code !== "UNTRUSTED") throw cause;
    throw untrusted(document.source, "root-invalid", "it does not follow the last one", cause);
  }
}
