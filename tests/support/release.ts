/**
 * Small releases: an executable, packed, with the manifest that names it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import type { ArchiveFormat } from "../../src/archive_format.ts";
import { gzip, tarGz } from "./tar_archive.ts";
import { zip } from "./zip_archive.ts";

/** What a release is made of. */
export interface ReleaseParts {
  readonly version: string;
  /** The executable. */
  readonly content: Uint8Array;
  /** How it is packed; `tar.gz` unless given. */
  readonly format?: ArchiveFormat | undefined;
  /** The packed file, instead of a correct one. */
  readonly packed?: Uint8Array | undefined;
  /** Fields of the asset to add or replace; `undefined` removes one. */
  readonly asset?: Readonly<Record<string, unknown>> | undefined;
  /** Fields of the release to add or replace. */
  readonly release?: Readonly<Record<string, unknown>> | undefined;
  /** Fields of the manifest to add or replace. */
  readonly manifest?: Readonly<Record<string, unknown>> | undefined;
}

/** A release as it lies on a server. */
export interface ReleaseFiles {
  /** The name of the packed file. */
  readonly name: string;
  readonly packed: Uint8Array;
  /** The manifest's text. */
  readonly manifest: string;
}

/** The SHA-256 digest of bytes, as manifests write it. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Packs an executable under the name `app`. */
export function pack(content: Uint8Array, format: ArchiveFormat): Uint8Array {
  switch (format) {
    case "tar.gz":
      return tarGz({ name: "README", content: new Uint8Array(9) }, { name: "app", content });
    case "zip":
      return zip([{ name: "README", content: new Uint8Array(9) }, { name: "app", content }]);
    case "gz":
      return gzip(content);
    case "br":
      return new Uint8Array(brotliCompressSync(content));
    case "raw":
      return content;
  }
}

/** Makes a release for every platform; its manifest names size and digest of everything. */
export function release(parts: ReleaseParts): ReleaseFiles {
  const { version, content, format = "tar.gz" } = parts;
  const name = format === "raw" ? `app-${version}` : `app-${version}.${format}`;
  const packed = parts.packed ?? pack(content, format);
  const asset = {
    url: name,
    sha256: digest(packed),
    size: packed.length,
    binary: { path: "app", sha256: digest(content), size: content.length },
    ...parts.asset,
  };
  const targets = [
    "linux-x86_64",
    "linux-aarch64",
    "linux-x86_64-musl",
    "darwin-x86_64",
    "darwin-arm64",
    "windows-x86_64",
  ];
  const platforms = Object.fromEntries(targets.map((target) => [target, asset]));
  const manifest = JSON.stringify({
    app: "app",
    latest: { stable: version },
    versions: { [version]: { platforms, ...parts.release } },
    ...parts.manifest,
  });
  return { name, packed, manifest };
}
