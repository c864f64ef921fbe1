/**
 * The layers of `src/` as data: which files belong to which, and what each may import. The lint rules enforce exactly
 * this table; a new file under `src/` gets its layer here.
 *
 * @module
 */

/** The names of the layers, lowest first. */
export type LayerName =
  | "vocabulary"
  | "pure"
  | "disk and wire"
  | "runtimes"
  | "default runtime"
  | "state"
  | "steps"
  | "flow"
  | "public"
  | "openpgp"
  | "publish"
  | "config"
  | "service"
  | "cli"
  | "testing";

/** One layer: its files and what they may see. */
export interface Layer {
  /** Its name, as in the documentation. */
  readonly name: LayerName;
  /**
   * Whose files it has: `archive` stands for `src/archive.ts`, `src/archive_<more>.ts` and everything in `src/archive/`.
   * The longest fitting noun decides. A leading `/` counts from the root of the project.
   */
  readonly nouns: readonly string[];
  /** The layers whose values it may import. */
  readonly uses: readonly LayerName[];
  /** The layers of which it may also import types. */
  readonly types: readonly LayerName[];
  /** Whether `mod.ts` reaches it, so that what it imports statically is paid for at every start. */
  readonly atStart: boolean;
  /** Whether it meets the machine only through the ports: no global `fetch`, clock, timer, randomness or console. */
  readonly throughPorts: boolean;
}

const LIBRARY: readonly LayerName[] = [
  "vocabulary",
  "pure",
  "disk and wire",
  "runtimes",
  "default runtime",
  "state",
  "steps",
  "flow",
];

/** The table. `state` is what one step leaves for the next one, or one run for the next. */
export const LAYERS: readonly Layer[] = [
  {
    name: "vocabulary",
    nouns: ["errors", "limits", "progress", "runtime/types"],
    uses: ["vocabulary"],
    types: [],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "pure",
    nouns: [
      "address",
      "archive",
      "blake2b",
      "bytes",
      "bytes",
      "choose",
      "delta",
      "digest",
      "github",
      "disk_space",
      "install_error",
      "managed_installation",
      "manifest",
      "minisign",
      "network_failure",
      "path",
      "redact",
      "rollout",
      "safe_text",
      "server_pause",
      "target",
      "trust",
      "version",
    ],
    uses: ["vocabulary", "pure"],
    types: [],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "disk and wire",
    nouns: [
      "cooldown",
      "durable",
      "exchange",
      "http",
      "installation",
      "journal",
      "locate_installation",
      "preflight",
      "probe",
      "remove",
      "replace",
      "resume",
      "retry",
      "sources",
      "stall_watch",
    ],
    uses: ["vocabulary", "pure", "disk and wire"],
    types: [],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "runtimes",
    nouns: ["runtime"],
    uses: ["vocabulary", "runtimes"],
    types: [],
    atStart: true,
    throughPorts: false,
  },
  {
    name: "default runtime",
    nouns: ["runtime/default"],
    uses: ["vocabulary", "runtimes"],
    types: [],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "state",
    nouns: [
      "background_claim",
      "background_state",
      "installation_id",
      "options",
      "probation",
      "refused_versions",
      "staged_update",
      "state_directory",
      "state_source",
      "state_trust",
    ],
    uses: ["vocabulary", "pure", "disk and wire", "state"],
    types: ["flow"],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "steps",
    nouns: [
      "atomic_replace",
      "audit_trail",
      "confirm_healthy",
      "download_verified",
      "fetch_manifest",
      "inspect_installation",
      "list_backups",
      "recover",
      "rollback",
    ],
    uses: ["vocabulary", "pure", "disk and wire", "default runtime", "state"],
    types: ["steps", "flow"],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "flow",
    nouns: ["background", "check_for_update", "self_update"],
    uses: ["vocabulary", "pure", "default runtime", "state", "steps", "flow"],
    types: ["disk and wire"],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "public",
    nouns: ["/checking", "/machine", "/mod"],
    uses: LIBRARY,
    types: [],
    atStart: true,
    throughPorts: true,
  },
  {
    name: "openpgp",
    nouns: ["openpgp"],
    uses: ["vocabulary", "pure", "openpgp"],
    types: [],
    atStart: false,
    throughPorts: true,
  },
  {
    name: "publish",
    nouns: ["publish"],
    uses: ["vocabulary", "pure", "public", "publish"],
    types: LIBRARY,
    atStart: false,
    throughPorts: false,
  },
  {
    name: "config",
    nouns: ["config"],
    uses: ["public", "config"],
    types: ["service"],
    atStart: false,
    throughPorts: false,
  },
  {
    name: "service",
    nouns: ["service"],
    uses: ["public", "service"],
    types: ["config"],
    atStart: false,
    throughPorts: false,
  },
  {
    name: "cli",
    nouns: ["cli", "/cli"],
    uses: ["public", "publish", "config", "service", "cli"],
    types: [],
    atStart: false,
    throughPorts: false,
  },
  {
    name: "testing",
    nouns: ["testing"],
    uses: [...LIBRARY, "public", "publish", "testing"],
    types: [],
    atStart: false,
    throughPorts: false,
  },
];
