/**
 * What the service knows about itself, and how it tells it: `/health` and `/metrics`.
 *
 * @module
 */

/** Where the service is in its life. */
export type Phase = "starting" | "running" | "stopping";

/** What became of an automatic installation. */
export type InstallResult = "updated" | "rolled-back" | "failed";

/** What the service knows about itself. Times are milliseconds since the epoch. */
export interface ServiceState {
  /** Where it is in its life. */
  phase: Phase;
  /** The running version. */
  readonly version: string;
  /** The process. */
  readonly pid: number;
  /** When it started. */
  readonly startedAt: number;
  /** When manifests were last looked at with success. */
  lastCheck: number | undefined;
  /** When the next check is due; `undefined` when none is. */
  nextCheck: number | undefined;
  /** The newest version that a check has seen. */
  latest: string | undefined;
  /** Why checks fail, as a word without paths and addresses; `undefined` when they do not. */
  failing: string | undefined;
  /** The version that was installed by itself, proved bad and was taken back, and when. */
  failedUpdate: { readonly version: string; readonly at: number } | undefined;
  /** How many checks worked, and how many failed. */
  readonly checks: { ok: number; failed: number };
  /** How long checks took, in milliseconds: all together, and the last one. */
  readonly duration: { sum: number; last: number };
  /** What became of automatic installations. */
  readonly installs: Record<InstallResult, number>;
  /** How many bytes were downloaded for them. */
  downloadedBytes: number;
}

/** The answer to `/health`. */
export interface HealthDocument {
  /** `degraded` when the service works but updates cannot be checked. */
  readonly status: "ok" | "degraded" | "starting" | "stopping";
  /** The running version. */
  readonly version: string;
  /** The process. */
  readonly pid: number;
  /** Seconds since it started. */
  readonly uptime: number;
  /** The last check that worked, as `2025-11-17T14:32:15Z`; `null` for none. */
  readonly lastCheck: string | null;
  /** When the next one is due. */
  readonly nextCheck: string | null;
  /** Why the service is degraded. */
  readonly reason?: string;
  /** The version that proved bad and was taken back. The log has the reason. */
  readonly failedUpdate?: { readonly version: string; readonly at: string | null };
}

/** What {@link ServiceState.failing} is while the manifest has expired. */
export const EXPIRED = "EXPIRED";

/**
 * A service that has just started.
 *
 * @param facts The version, the process, the time, and when checks last worked.
 * @returns Its state.
 */
export function initialState(
  facts: Pick<ServiceState, "version" | "pid" | "startedAt" | "lastCheck">,
): ServiceState {
  return {
    ...facts,
    phase: "starting",
    nextCheck: undefined,
    latest: undefined,
    failing: undefined,
    failedUpdate: undefined,
    checks: { ok: 0, failed: 0 },
    duration: { sum: 0, last: 0 },
    installs: { updated: 0, "rolled-back": 0, failed: 0 },
    downloadedBytes: 0,
  };
}

/**
 * The answer to `/health`. It names no paths and no addresses: whoever may ask need not know them.
 *
 * @param state The service.
 * @param now Milliseconds since the epoch.
 * @returns The document.
 */
export function healthOf(state: ServiceState, now: number): HealthDocument {
  const { phase, failing, failedUpdate, version, pid, startedAt, lastCheck, nextCheck } = state;
  const running = failing === undefined ? "ok" : "degraded";
  return {
    status: phase === "running" ? running : phase,
    version,
    pid,
    uptime: Math.max(0, Math.floor((now - startedAt) / 1000)),
    lastCheck: isoTime(lastCheck),
    nextCheck: isoTime(nextCheck),
    ...(failing === undefined ? {} : { reason: reasonOf(failing) }),
    ...(failedUpdate === undefined
      ? {}
      : { failedUpdate: { version: failedUpdate.version, at: isoTime(failedUpdate.at) } }),
  };
}

/** That a manifest has expired is the publisher's to mend; everything else may be this machine's. */
function reasonOf(failing: string): string {
  return failing === EXPIRED ? "the manifest has expired" : `updates cannot be checked: ${failing}`;
}

/**
 * The answer to `/metrics`, in the text format 0.0.4 of Prometheus.
 *
 * @param state The service.
 * @returns The text.
 */
export function metricsOf(state: ServiceState): string {
  const { version, latest, checks, duration, installs } = state;
  const newest = latest === undefined ? "" : `,latest="${escaped(latest)}"`;
  const installed = Object.entries(installs).map(([result, count]) =>
    [`{result="${result}"}`, count] as const
  );
  return [
    metric("info", "gauge", "What is running, and the newest version seen.", [
      [`{version="${escaped(version)}"${newest}}`, 1],
    ]),
    metric("start_time_seconds", "gauge", "When the service started.", [["", state.startedAt / 1000]]),
    metric("healthy", "gauge", "Whether the service is ok.", [
      ["", Number(state.phase === "running" && state.failing === undefined)],
    ]),
    metric("last_check_timestamp_seconds", "gauge", "The last check that worked.", times(state.lastCheck)),
    metric("next_check_timestamp_seconds", "gauge", "When the next check is due.", times(state.nextCheck)),
    metric("checks_total", "counter", "Checks by result.", [
      ['{result="ok"}', checks.ok],
      ['{result="failed"}', checks.failed],
    ]),
    metric("check_duration_seconds_total", "counter", "Time spent on checks.", [["", duration.sum / 1000]]),
    metric("last_check_duration_seconds", "gauge", "How long the last check took.", [
      ["", duration.last / 1000],
    ]),
    metric("updates_total", "counter", "Automatic installations by result.", installed),
    metric("rollbacks_total", "counter", "Installations that were taken back.", [[
      "",
      installs["rolled-back"],
    ]]),
    metric("downloaded_bytes_total", "counter", "Bytes downloaded for updates.", [[
      "",
      state.downloadedBytes,
    ]]),
  ].join("");
}

function metric(
  name: string,
  type: "gauge" | "counter",
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string {
  if (samples.length === 0) return "";
  const lines = samples.map(([labels, value]) => `cco_${name}${labels} ${value}\n`);
  return `# HELP cco_${name} ${help}\n# TYPE cco_${name} ${type}\n${lines.join("")}`;
}

function times(time: number | undefined): [string, number][] {
  return time === undefined ? [] : [["", time / 1000]];
}

/** As the text format wants label values. */
function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}
