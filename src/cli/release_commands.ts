/**
 * The publisher's commands, as the part of the table that is below `cco release`.
 *
 * @module
 */

import type { Command } from "./command.ts";
import {
  DRY_RUN,
  FOLDER,
  KEYS,
  NO_PASSWORD,
  PUBLISH,
  ROOT_KEYS,
  ROOT_THRESHOLD,
  ROOT_VALIDITY,
  THRESHOLD,
  VALIDITY,
} from "./release_flags.ts";

const VERSION = { name: "VERSION" } as const;

/** `cco release` and everything below it. */
export const RELEASE: Command = {
  name: "release",
  summary: "publish versions: the other side of cco update",
  commands: [
    {
      name: "keygen",
      summary: "make a key pair: FILE, for its owner only, and FILE.pub",
      positionals: [{ name: "FILE", words: "files" }],
      flags: [NO_PASSWORD, DRY_RUN],
      examples: [["cco release keygen ~/keys/release.key", "asks for a password, twice"]],
      load: async () => (await import("./release_keygen.ts")).releaseKeygen,
    },
    {
      name: "init",
      summary: "make a release folder: first root, manifest, weekly refresh",
      positionals: [{ name: "DIR", words: "files" }],
      flags: [
        { name: "app", value: "NAME", summary: "the program's name; cco unless given" },
        {
          name: "make-keys",
          value: "DIR",
          words: "files",
          summary: "also make root.key and release.key in this folder, outside of the release folder",
        },
        NO_PASSWORD,
        ...ROOT_KEYS,
        ROOT_THRESHOLD,
        ROOT_VALIDITY,
        ...KEYS,
        THRESHOLD,
        VALIDITY,
        DRY_RUN,
      ],
      examples: [
        ["cco release init releases --make-keys ~/keys", "with new keys"],
        ["cco release init releases --root-key-file root.key --key-file release.key", "with keys that exist"],
      ],
      load: async () => (await import("./release_init.ts")).releaseInit,
    },
    {
      name: "add",
      summary: "add a version: read its files, write their digests into the manifest",
      positionals: [VERSION],
      flags: [
        { name: "from", value: "DIR", words: "files", summary: "the folder with the version's files" },
        { name: "url", value: "PREFIX", summary: "what comes before a file's name in its address" },
        { name: "notes-file", value: "FILE", words: "files", summary: "the release notes, as text" },
        { name: "notes-url", value: "URL", summary: "where the release notes can be read" },
        {
          name: "minimum-version",
          value: "VERSION",
          summary: "older installations go through this one first",
        },
        { name: "critical", summary: "it bypasses rollout and minimum age" },
        ...PUBLISH,
      ],
      examples: [["cco release add 2025.11.2 --from dist --key-file release.key", "no channel has it yet"]],
      load: async () => (await import("./release_versions.ts")).releaseAdd,
    },
    {
      name: "promote",
      summary: "point a channel at a version",
      positionals: [VERSION],
      flags: [
        { name: "channel", value: "CHANNEL", words: "channels", summary: "the channel" },
        { name: "allow-downgrade", summary: "the channel may go back" },
        ...PUBLISH,
      ],
      examples: [[
        "cco release promote 2025.11.2 --channel stable --key-file release.key",
        "everybody gets it",
      ]],
      load: async () => (await import("./release_versions.ts")).releasePromote,
    },
    {
      name: "yank",
      summary: "withdraw a version; who has it is offered another one",
      positionals: [VERSION],
      flags: [{ name: "reason", value: "TEXT", summary: "why, for everybody to read" }, ...PUBLISH],
      load: async () => (await import("./release_versions.ts")).releaseYank,
    },
    {
      name: "rollout",
      summary: "offer a version to a part of the installations first",
      positionals: [VERSION],
      flags: [
        { name: "percent", value: "N", summary: "so many are offered it at once" },
        { name: "duration", value: "TIME", summary: "over this time that grows to all of them" },
        { name: "fallback", value: "VERSION", summary: "what the others are offered" },
        { name: "pause", summary: "keep the share that was reached" },
        { name: "resume", summary: "go on from there" },
        { name: "finish", summary: "offer it to all" },
        ...PUBLISH,
      ],
      examples: [
        ["cco release rollout 2025.11.2 --percent 10 --duration 72h --key-file release.key", "all in 3 days"],
        ["cco release rollout 2025.11.2 --pause --key-file release.key", "something is wrong"],
      ],
      load: async () => (await import("./release_rollout.ts")).releaseRollout,
    },
    {
      name: "refresh",
      summary: "give the manifest a new expiry: what a weekly job does",
      flags: PUBLISH,
      examples: [["cco release refresh --key-env CCO_RELEASE_KEY", "in a workflow"]],
      load: async () => (await import("./release_versions.ts")).releaseRefresh,
    },
    {
      name: "rotate",
      summary: "publish the next root: other keys, or a later expiry",
      flags: [
        FOLDER,
        {
          name: "root-public",
          value: "KEY",
          words: "files",
          summary: "may sign roots from now on; repeat for more",
        },
        {
          name: "public",
          value: "KEY",
          words: "files",
          summary: "may sign manifests from now on, a key or its .pub file; repeat for more",
        },
        ...ROOT_KEYS,
        ROOT_THRESHOLD,
        ROOT_VALIDITY,
        ...KEYS,
        THRESHOLD,
        DRY_RUN,
      ],
      examples: [[
        "cco release rotate --public new.key.pub --key-file new.key --root-key-file root.key",
        "the key for manifests is lost",
      ]],
      load: async () => (await import("./release_rotate.ts")).releaseRotate,
    },
    {
      name: "sign",
      summary: "sign a file of any size: FILE.minisig",
      positionals: [{ name: "FILE", words: "files" }],
      flags: [
        { name: "app", value: "NAME", summary: "the program the file is for; cco unless given" },
        { name: "append", summary: "keep the signatures that are there" },
        ...KEYS,
        DRY_RUN,
      ],
      examples: [[
        "cco release sign checksums.sha256 --key-file release.key",
        "for releases without manifest",
      ]],
      load: async () => (await import("./release_sign.ts")).releaseSign,
    },
    {
      name: "verify",
      summary: "verify a release as a client does, and files against it",
      positionals: [{ name: "RELEASE", optional: true, words: "files" }],
      flags: [
        FOLDER,
        {
          name: "root",
          value: "FILE",
          words: "files",
          summary: "the first root as it is built into clients; the one beside the manifest unless given",
        },
        {
          name: "assets",
          value: "DIR",
          words: "files",
          summary: "also the files of --version in this folder",
        },
        { name: "version", value: "VERSION", summary: "the version of --assets" },
        {
          name: "executable",
          value: "FILE",
          words: "files",
          summary: "also which version this executable is",
        },
      ],
      examples: [
        ["cco release verify --assets dist --version 2025.11.2", "before the upload"],
        ["cco release verify https://example.com/version-manifest.json --root 1.root.json", "after it"],
      ],
      load: async () => (await import("./release_verify.ts")).releaseVerify,
    },
    {
      name: "lint",
      summary: "find what a client would refuse or a person would regret",
      flags: [
        FOLDER,
        { name: "previous", value: "FILE", words: "files", summary: "the manifest that is served now" },
        { name: "online", summary: "ask every address whether the file is there, in its size" },
        {
          name: "address",
          value: "URL",
          summary: "where the manifest is served; needed with --online for files beside it",
        },
      ],
      load: async () => (await import("./release_lint.ts")).releaseLint,
    },
  ],
};
