/**
 * The machine and text for it, without the updater: for tools around updates that must start in no time.
 *
 * Importing this costs one millisecond where `mod.ts` costs ten; a program that checks for updates needs only the
 * latter.
 *
 * @module
 */

export { createDurably, readFile, removeTemporaries, writeDurably } from "./src/durable.ts";
export type { DurableRuntime } from "./src/durable.ts";
export { FileError, isFileError } from "./src/errors.ts";
export type { FileErrorKind } from "./src/errors.ts";
export type { OnProgress, Progress, UpdatePhase } from "./src/progress.ts";
export { systemRuntime } from "./src/runtime/default.ts";
export type {
  Fetch,
  FileInfo,
  FileSystem,
  OpenFile,
  OpenMode,
  OperatingSystem,
  RunOptions,
  RunResult,
  Runtime,
  WaitOptions,
} from "./src/runtime/types.ts";
export { safeLine, safeText } from "./src/safe_text.ts";
