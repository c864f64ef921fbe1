/** A program with the library inside, run by the emulated platform's Deno: COMMAND EXECUTABLE STATE_FOLDER SOURCE. */

import { systemRuntime } from "../../../machine.ts";
import { atomicReplace, checkForUpdate, downloadVerified, recover } from "../../../mod.ts";
import { OLD } from "../../support/deno/published.ts";

const [command, executable = "", stateDirectory = "", source = ""] = Deno.args;
const runtime = systemRuntime();
const options = {
  app: "cco",
  currentVersion: OLD,
  executable,
  stateDirectory,
  allowUnsigned: true,
  probe: { timeout: 300_000 },
} as const;

switch (command) {
  case "recover":
    console.log(JSON.stringify(await recover(options)));
    break;
  case "die-between-renames":
    await replace();
}

/** Ends, without any farewell, when the new file is about to get the name of the old one. */
async function replace(): Promise<void> {
  const fs = Object.assign(Object.create(runtime.fs), {
    rename: (from: string, to: string) => to === executable ? Deno.exit(99) : runtime.fs.rename(from, to),
  });
  const dying = { ...options, runtime: { ...runtime, fs } };
  const update = await checkForUpdate(source, dying);
  if (update === undefined) throw new Error("there is no update");
  await atomicReplace(await downloadVerified(update, dying), dying);
}
