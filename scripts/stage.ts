/**
 * One stage of checking: a command that is run and whose passed and failed checks are counted.
 *
 * @module
 */

/** What a stage runs. */
export interface Stage {
  /** What is checked, in a word or two. */
  readonly name: string;
  /** The program. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; the current folder unless given. */
  readonly cwd?: string;
  /** `tests` shows the output as it comes and counts what it says; `check` shows it on failure and counts as one. */
  readonly kind: "tests" | "check";
  /**
   * How long it may take, in milliseconds.
   * @default 1200000
   */
  readonly limit?: number;
}

/** How a stage ended. */
export interface StageResult extends Counts {
  /** The stage. */
  readonly name: string;
  /** How long it took. */
  readonly seconds: number;
}

/** How many checks passed, failed and were left out. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A stage that takes longer is stuck; the slowest takes five minutes on two cores. In milliseconds. */
const LIMIT = 20 * 60 * 1000;
/** How long a finished stage's last output is waited for, in milliseconds. */
const GRACE = 5000;

/**
 * Runs a stage to its end.
 *
 * @param stage What to run.
 * @returns What it counted. A command that fails without saying how many tests did counts as one failure, and so does a
 * test command that ran no test.
 */
export async function runStage(stage: Stage): Promise<StageResult> {
  const started = performance.now();
  const { success, output } = await run(stage);
  const counts = stage.kind === "tests" ? countTests(output, { success }) : countCheck(success);
  if (stage.kind === "check" && !success) console.log(output.trimEnd());
  return { name: stage.name, ...counts, seconds: (performance.now() - started) / 1000 };
}

/**
 * Prints a table of results and their sum, as `N passed, N failed` in the last line.
 *
 * @param results The results, in the order to print them.
 * @returns The exit code: 0 when something was checked and nothing failed.
 */
export function printResults(results: readonly StageResult[]): number {
  const { lines, good } = summary(results);
  console.log(`\n${lines.join("\n")}`);
  return good ? 0 : 1;
}

/**
 * The table that {@link printResults} prints.
 *
 * @param results The results, in the order to print them.
 * @returns Its lines, and whether something was checked and nothing failed.
 */
export function summary(results: readonly StageResult[]): { lines: string[]; good: boolean } {
  const width = Math.max(...results.map(({ name }) => name.length));
  const rows = results.map(({ name, passed, failed, skipped, seconds }) => {
    const verdict = failed > 0 ? "FAILED" : "ok    ";
    const time = `${seconds.toFixed(1).padStart(6)} s`;
    return `${verdict} ${name.padEnd(width)} ${time}  ${passed} passed, ${failed} failed${
      skipped > 0 ? `, ${skipped} skipped` : ""
    }`;
  });
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  return { lines: [...rows, "", `${passed} passed, ${failed} failed`], good: failed === 0 && passed > 0 };
}

/**
 * Reads the counts that a test runner prints at its end: Deno's, Node's, Bun's, or the last line of {@link printResults}.
 *
 * @param output All that the runner printed.
 * @param exit Whether it exited with 0.
 * @returns The counts.
 */
export function countTests(output: string, { success }: { readonly success: boolean }): Counts {
  // deno-lint-ignore no-control-regex
  const text = output.replaceAll(/\x1b\[[0-9;]*m/g, "").trimEnd();
  const counts = readDeno(text) ?? readNode(text) ?? readBun(text) ?? readPlain(text);
  if (counts === undefined || counts.passed + counts.failed === 0) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  return success || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

function countCheck(success: boolean): Counts {
  return { passed: success ? 1 : 0, failed: success ? 0 : 1, skipped: 0 };
}

async function run(stage: Stage): Promise<{ success: boolean; output: string }> {
  const child = start(stage);
  if (child instanceof Error) return { success: false, output: child.message };
  const show = stage.kind === "tests";
  const readers = [child.stderr.getReader(), child.stdout.getReader()] as const;
  const texts = [
    collect(readers[0], show ? Deno.stderr : undefined),
    collect(readers[1], show ? Deno.stdout : undefined),
  ];
  const { limit: milliseconds = LIMIT } = stage;
  const limit = setTimeout(() => {
    console.error(`${stage.name} has not ended within ${milliseconds / 1000} s: it is ended now`);
    child.kill("SIGKILL");
  }, milliseconds);
  const { success } = await child.status;
  clearTimeout(limit);
  // A process that the stage left behind may hold the pipes open for ever.
  const grace = setTimeout(() => readers.forEach((reader) => reader.cancel()), GRACE);
  const output = (await Promise.all(texts)).join("");
  clearTimeout(grace);
  return { success, output };
}

function start({ command, args, env = {}, cwd }: Stage): Deno.ChildProcess | Error {
  try {
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    const folder = cwd === undefined ? {} : { cwd };
    return new Deno.Command(command, { args: [...args], env: { ...env }, ...streams, ...folder }).spawn();
  } catch (error) {
    console.error(String(error));
    return error as Error;
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  echo: typeof Deno.stdout | undefined,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
    for (let at = 0; echo !== undefined && at < part.value.length;) {
      at += await echo.write(part.value.subarray(at));
    }
  }
  return text + decoder.decode();
}

function readDeno(text: string): Counts | undefined {
  const line = last(
    text,
    /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/gm,
  );
  return line && counts(line[1], line[2], line[3]);
}

function readNode(text: string): Counts | undefined {
  const count = (what: string) => last(text, new RegExp(`^(?:#|ℹ) ${what} (\\d+)$`, "gm"))?.[1];
  const failed = Number(count("fail") ?? 0) + Number(count("cancelled") ?? 0);
  return count("pass") === undefined ? undefined : counts(count("pass"), String(failed), count("skipped"));
}

function readBun(text: string): Counts | undefined {
  const count = (what: string) => last(text, new RegExp(`^ *(\\d+) ${what}$`, "gm"))?.[1];
  return count("pass") === undefined ? undefined : counts(count("pass"), count("fail"), count("skip"));
}

function readPlain(text: string): Counts | undefined {
  const line = last(text, /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm);
  return line && counts(line[1], line[2], line[3]);
}

function last(text: string, pattern: RegExp): RegExpExecArray | undefined {
  return [...text.matchAll(pattern)].at(-1);
}

function counts(passed = "0", failed = "0", skipped = "0"): Counts {
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}
