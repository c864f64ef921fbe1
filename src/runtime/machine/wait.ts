/** The clock's and the random source's web standard parts, alike in every runtime. */

/** `setTimeout` takes 2^31 - 1 milliseconds at most (25 days) and fires at once beyond. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** `getRandomValues` refuses more than this (Web Cryptography API section 10.1.1). */
const RANDOM_QUOTA = 65_536;

/**
 * Resolves after `milliseconds`. Keeps the process alive while it waits; leaves no timer and no listener behind.
 *
 * @param milliseconds How long to wait, any finite number; 0 or less resolves in the next turn.
 * @param signal Ends the wait.
 * @throws The signal's reason when aborted, also before the call.
 */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (!Number.isFinite(milliseconds)) {
    throw new RangeError(
      `Cannot wait: milliseconds must be a finite number, current value is ${milliseconds}`,
    );
  }
  let left = milliseconds;
  for (; left > LONGEST_TIMER; left -= LONGEST_TIMER) await waitOnce(LONGEST_TIMER, signal);
  await waitOnce(Math.max(0, left), signal);
}

/**
 * Returns fresh random bytes of the runtime's cryptographic generator.
 *
 * @param bytes How many.
 * @returns That many random bytes.
 */
export function random(bytes: number): Uint8Array {
  const filled = new Uint8Array(bytes);
  for (let from = 0; from < bytes; from += RANDOM_QUOTA) {
    crypto.getRandomValues(filled.subarray(from, from + RANDOM_QUOTA));
  }
  return filled;
}

function waitOnce(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(elapsed, milliseconds);
    signal?.addEventListener("abort", aborted, { once: true });

    function elapsed(): void {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }

    function aborted(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
