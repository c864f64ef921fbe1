/**
 * `cco daemon install`: the service under the machine's own manager of services.
 *
 * @module
 */

import { readFile, writeDurably } from "../../machine.ts";
import { servicePlace, stateDirectoryOf } from "./daemon_place.ts";
import { serviceNow, stopService } from "./daemon_process.ts";
import { EXIT } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { failure, type ServiceManager, serviceManager } from "./service_manager.ts";

const FILE_BYTES = 256 * 1024;

/**
 * Writes the manager's file, has it checked, and starts the service, now and from now on. Running it again changes nothing;
 * when something fails, everything is as it was before.
 *
 * @param invocation The run; `--system` for the whole machine, `--dry-run` only prints the file.
 * @returns The exit code.
 * @throws {ConfigError} When the settings cannot be used.
 * @throws {Failure} Exit code 2 for flags that are no port or address; 1 when there is no such manager, or it refuses the file or does not start the service.
 */
export async function daemonInstall(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  // What is written into the manager's file must not fail only when it starts the service.
  await servicePlace(invocation);
  const manager = await serviceManager(invocation, invocation.has("system") ? "system" : "user");
  const { name, file } = manager;
  if (invocation.has("dry-run")) return sayFile(invocation, manager);
  const absence = await manager.absence();
  if (absence !== undefined) throw failure(`Cannot install the service: ${absence}`);
  const before = await readFile(invocation.world.runtime.fs, file, FILE_BYTES);
  const isNew = before === undefined || !areSame(before, bytesOf(manager));
  if (isNew) await install(invocation, manager, before);
  else await manager.start();
  output.line(isNew ? `✅ Service installed: ${file}` : `✅ Already installed: ${file}`);
  output.step(
    `It is started by ${name}: now, and ${invocation.has("system") ? "with the machine" : "at login"}.`,
  );
  for (const hint of manager.hints) output.step(hint);
  output.document({ outcome: isNew ? "installed" : "already-installed", manager: name, file });
  return EXIT.ok;
}

function sayFile({ output }: Invocation, { name, file, text }: ServiceManager): number {
  output.step(`→ Would write ${file} and have ${name} start the service:`);
  for (const line of text.trimEnd().split(/\r?\n/)) output.line(line);
  output.document({ outcome: "dry-run", manager: name, file, text });
  return EXIT.ok;
}

async function install(
  invocation: Invocation,
  manager: ServiceManager,
  before: Uint8Array | undefined,
): Promise<void> {
  const { runtime } = invocation.world;
  const { file } = manager;
  try {
    // What the manager lets it write to has to be there when it starts.
    await runtime.fs.makeDirectory(await stateDirectoryOf(invocation), 0o700);
    await runtime.fs.makeDirectory(file.slice(0, file.search(/[\\/][^\\/]*$/)), 0o755);
    await writeDurably(runtime, file, bytesOf(manager), { mode: 0o644 });
    const fault = await manager.fault();
    if (fault !== undefined) throw failure(`Cannot install the service: ${manager.name} says ${fault}`);
    // One that `cco daemon start` has started has the port.
    const running = before === undefined ? await serviceNow(invocation) : undefined;
    if (running !== undefined) await stopService(invocation, running);
    await manager.activate();
  } catch (error) {
    await undo(invocation, manager, before);
    const why = error instanceof Error ? error.message : String(error);
    throw failure(why.startsWith("Cannot install") ? why : `Cannot install the service: ${why}`, error);
  }
}

async function undo(
  { world: { runtime } }: Invocation,
  manager: ServiceManager,
  before: Uint8Array | undefined,
): Promise<void> {
  const { file } = manager;
  if (before !== undefined) {
    await writeDurably(runtime, file, before, { mode: 0o644 }).catch(() => {});
    await manager.activate().catch(() => {});
    return;
  }
  await manager.deactivate();
  await runtime.fs.remove(file).catch(() => {});
  await manager.forget();
}

function bytesOf({ text, encoding }: ServiceManager): Uint8Array {
  if (encoding === "utf-8") return new TextEncoder().encode(text);
  const units = Uint16Array.from(`\ufeff${text}`, (letter) => letter.charCodeAt(0));
  return new Uint8Array(units.buffer);
}

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
