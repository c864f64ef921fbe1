/**
 * What every command but `--version` begins with, as one module: one file is loaded sooner than three.
 *
 * @module
 */

export { systemRuntime } from "../../machine.ts";
export { openConsole } from "./console.ts";
export { runCli } from "./run_cli.ts";
