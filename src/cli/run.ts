/**
 * `cco run`: the service in the foreground.
 *
 * @module
 */

import type { BackgroundCheckOptions } from "../../mod.ts";
import { parseDuration } from "../config/duration.ts";
import type { Settings } from "../config/load_settings.ts";
import { changeState, readState } from "../config/state.ts";
import { parseWindow, windowContains } from "../config/window.ts";
import { EXPIRED } from "../service/health.ts";
import { Log } from "../service/log.ts";
import type { Duties } from "../service/checking.ts";
import type { Supervisor } from "../service/supervisor.ts";
import { runService, type ServiceOptions } from "../service/run_service.ts";
import { logFolder, processesOf, servicePlace } from "./daemon_place.ts";
import { PREDECESSOR } from "./daemon_process.ts";
import { EXIT, Failure } from "./failure.ts";
import { ServiceConsole } from "./service_console.ts";
import { serviceFailure } from "./service_failure.ts";
import { mayHandOver, supervisorFor, tellSuccessor } from "./supervision.ts";
import { Invocation } from "./invocation.ts";
import { updateFailure } from "./update_failure.ts";
import { choiceOptions, installedOptions, updaterOptions } from "./updater_options.ts";
import { beginService } from "./watched_start.ts";

const HOUR = 3_600_000;
const INTERVALS: ReadonlyMap<string, number> = new Map([
  ["hourly", HOUR],
  ["daily", 24 * HOUR],
  ["weekly", 7 * 24 * HOUR],
]);

/** What this process has installed and hands over to. */
interface Installed {
  sha256: string;
}

/**
 * Runs the service until it is asked to stop.
 *
 * @param invocation The run.
 * @returns The exit code: 0 when it was asked to stop.
 * @throws {Failure} Exit code 1 when another service runs or the address cannot be listened on.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { output, world } = invocation;
  const { runtime, build } = world;
  const place = await servicePlace(invocation);
  const { stop, onReload } = await (await processesOf(invocation)).listen();
  const { state } = await readState(runtime, place.stateDirectory);
  const screen = new ServiceConsole(output);
  const folder = logFolder(place.stateDirectory);
  const least = invocation.has("debug") ? "debug" : "info";
  const log = new Log(runtime, { folder, least, echo: screen.echo });
  await beginService(invocation, log);
  const supervisor = await supervisorFor(invocation, log);
  // Started by `cco daemon start`, or watched by a systemd that knows its successor: nobody waits for this process.
  const isAwaited = world.terminal.env(PREDECESSOR) === undefined && supervisor === undefined;
  const installed: Installed = { sha256: "" };
  const { frugalMemory } = await import("./console_memory.ts");
  try {
    await runService({
      runtime,
      version: build.version,
      stateDirectory: place.stateDirectory,
      listening: { host: place.host, port: place.port },
      lastCheck: state.lastCheck,
      log,
      supervisor,
      onIdle: frugalMemory(),
      loadDuties: () => loadDuties(again(invocation, stop), log, { supervisor, installed }),
      onReload,
      handOver: async (...to) => {
        if (isAwaited) await screen.follow(runtime, log, folder);
        const hasTaken = await giveUpPlace(again(invocation, stop), { log, installed }, ...to);
        if (hasTaken && !stop.aborted) await tellSuccessor(invocation, supervisor);
        return hasTaken;
      },
      ...await succession(invocation),
      explain: (error) => serviceFailure(error, place),
      signal: stop,
    });
    if (isAwaited && !stop.aborted) {
      const { followSuccessor } = await import("./follow_successor.ts");
      await followSuccessor(again(invocation, stop), stop);
    }
  } finally {
    await screen.end(runtime);
  }
  output.document({ outcome: "stopped", version: build.version });
  return EXIT.ok;
}

/** A service so many times as long well as `service.probation` says has proved its version. */
const PROVEN = 10;

/** What the service needs to take over from another one, and to let another one take over. */
async function succession(
  invocation: Invocation,
): Promise<Pick<ServiceOptions, "sharing" | "flags" | "predecessor" | "provenAfter" | "onProven">> {
  const { terminal, build } = invocation.world;
  const predecessor = Number(terminal.env(PREDECESSOR));
  const flags = (["port", "host"] as const).filter((name) => invocation.has(name));
  const { portSharing } = await import("./console_port.ts");
  const probation = parseDuration((await invocation.settings()).get("service.probation")) ?? 0;
  return {
    sharing: portSharing(),
    flags,
    predecessor: predecessor > 0 ? predecessor : undefined,
    provenAfter: PROVEN * Math.max(probation, 1000),
    async onProven() {
      const { confirmHealthy } = await import("../../mod.ts");
      await confirmHealthy({ ...await installedOptions(invocation), currentVersion: build.version });
    },
  };
}

async function giveUpPlace(
  invocation: Invocation,
  { log, installed: { sha256 } }: { log: Log; installed: Installed },
  ...[version, state, succession]: Parameters<ServiceOptions["handOver"]>
): Promise<boolean> {
  const { handOver } = await import("./hand_over.ts");
  const { terminal: { signal }, runtime } = invocation.world;
  const wasHealthy = state.failing === undefined;
  const hasTaken = await handOver(invocation, { ...succession, version, sha256, wasHealthy, log, signal });
  if (!hasTaken) {
    state.installs["rolled-back"]++;
    state.failedUpdate = { version, at: runtime.now() };
  }
  return hasTaken;
}

/** The same command with the settings as they are by then; its terminal's own signals stay unheard. */
function again({ world, output, parsed }: Invocation, stop: AbortSignal): Invocation {
  const terminal = Object.create(world.terminal, { signal: { value: stop } });
  return new Invocation({ ...world, terminal }, output, parsed);
}

async function loadDuties(
  invocation: Invocation,
  log: Log,
  { supervisor, installed }: { supervisor: Supervisor | undefined; installed: Installed },
): Promise<Duties> {
  const settings = await invocation.settings();
  const { stateDirectory } = await invocation.paths();
  const { world: { runtime, build } } = invocation;
  const channel = settings.get("updates.channel");
  const options = await checkOptions(invocation, settings);
  const library = await import("../../mod.ts");
  if (options !== undefined) {
    log.debug(`Checking ${options.channel} at ${settings.get("updates.sources").length} sources`);
  }
  return {
    checks: options,
    async onChecked(latest, update) {
      const found = { latest, channel, current: build.version, offered: update?.version };
      await changeState(runtime, stateDirectory, { lastCheck: runtime.now(), found });
    },
    async onUpdate(update, state) {
      if (!settings.get("updates.auto_install")) {
        log.info(`New version available: ${update.version}`);
        return "stay";
      }
      const { autoInstall } = await import("./auto_install.ts");
      const sha256 = await autoInstall(invocation, { update, state, log, options: options! });
      if (sha256 === undefined) return "stay";
      installed.sha256 = sha256;
      if (mayHandOver(invocation, supervisor)) return "hand-over";
      log.info("Restart the service to use the new version");
      return "stay";
    },
    describe(error) {
      if (error instanceof Failure) return error;
      if (library.isUpdateError(error)) {
        const { code, message } = updateFailure(error, "check");
        const isExpired = error.code === "UNTRUSTED" && error.details.reason === "expired";
        return { code: isExpired ? EXPIRED : code, message };
      }
      return { code: "UNEXPECTED", message: error instanceof Error ? error.message : String(error) };
    },
  };
}

async function checkOptions(
  invocation: Invocation,
  settings: Settings,
): Promise<BackgroundCheckOptions | undefined> {
  const interval = intervalOf(settings.get("updates.check_interval"));
  if (!settings.get("updates.enabled") || interval === undefined) return undefined;
  const window = settings.get("updates.window");
  const span = window === undefined ? undefined : parseWindow(window);
  return {
    ...await updaterOptions(invocation),
    ...choiceOptions(invocation, settings),
    manual: false,
    source: settings.get("updates.sources"),
    interval,
    // Only what installs has to wait for the window.
    ...(span !== undefined && settings.get("updates.auto_install")
      ? { window: (time: number) => windowContains(span, time) }
      : {}),
  };
}

function intervalOf(text: string): number | undefined {
  if (text === "never") return undefined;
  return INTERVALS.get(text) ?? parseDuration(text);
}
