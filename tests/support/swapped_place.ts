/**
 * What a replace leaves, and versions that make trouble in the middle of one.
 *
 * @module
 */

import type { MemoryBehaviour, MemoryCall } from "../../src/runtime/memory.ts";
import { selfDescribing } from "../../src/runtime/memory/program.ts";
import type { StagedUpdate } from "../../src/staged_update.ts";
import { appProgram, type MemoryPlace, NEW, OLD } from "./memory_place.ts";

/** The program that is installed, as a text. */
export const OLD_APP = new TextDecoder().decode(appProgram(OLD));
/** The program that is released, as a text. */
export const NEW_APP = new TextDecoder().decode(appProgram(NEW));

/** What an update leaves in the folder of the executable. */
export function updatedFolder(os: "linux" | "darwin" | "windows"): Record<string, string> {
  const [name, file] = os === "windows" ? ["app.exe", "file"] : ["app", "file 755"];
  return { [name]: `${file} ${NEW_APP}`, [`${name}.backup`]: `${file} ${OLD_APP}` };
}

/** Does something at the last moment before the staged file becomes the live one. */
export function beforeSwap(
  { machine, executable }: MemoryPlace,
  staged: StagedUpdate,
  act: () => void,
): void {
  machine.operations.before(({ name, path, to }) => {
    if (name === "rename" && (path === staged.path || to === executable)) act();
  });
}

/** A version that works under every name but its real one. */
export function fussyApp(): Uint8Array {
  return appProgram(NEW, { stderr: "fussy" });
}

/** Runs {@link fussyApp}, and other programs as they are. */
export function failsUnderItsRealName(call: MemoryCall): MemoryBehaviour | undefined {
  const behaviour = selfDescribing(call);
  const isReal = /[/\\]app(\.exe)?$/.test(call.path);
  return behaviour?.stderr === "fussy" && isReal ? { ...behaviour, exitCode: 1 } : behaviour;
}
