/**
 * Makes tar files byte by byte, also ones that no archiver would make.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

/** One entry. What is not given is as an honest archiver would write it. */
export interface TarEntry {
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array;
  /** Type flag. */
  readonly type?: string;
  readonly mode?: number;
  readonly linkName?: string;
  /** The part of the name that goes into the prefix field. */
  readonly prefix?: string;
  /** Declared size, as a number or as the bytes of the field. */
  readonly size?: number | Uint8Array;
  /** Changes the header before its checksum is made. */
  readonly patch?: (header: Uint8Array) => void;
  /** Changes the header after its checksum was made. */
  readonly spoil?: (header: Uint8Array) => void;
}

/** Several pieces as one. */
export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A whole archive: the pieces given, then the end marker. */
export function tar(...pieces: (TarEntry | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return joined(
    ...pieces.map((piece) => piece instanceof Uint8Array ? piece : tarEntry(piece)),
    new Uint8Array(1024),
  );
}

/** Like {@link tar}, compressed. */
export function tarGz(...pieces: (TarEntry | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return gzip(tar(...pieces));
}

/** One gzip member. */
export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

/** Header, content and padding of one entry. */
export function tarEntry(entry: TarEntry): Uint8Array {
  const content = entry.content ?? new Uint8Array(0);
  return joined(tarHeader(entry), content, new Uint8Array(-content.length & 511));
}

/** The header block of one entry. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const header = new Uint8Array(512);
  const size = entry.size ?? entry.content?.length ?? 0;
  header.set(typeof entry.name === "string" ? utf8(entry.name) : entry.name, 0);
  header.set(utf8(octal(entry.mode ?? 0o755, 8)), 100);
  header.set(utf8(octal(0, 8)), 108);
  header.set(utf8(octal(0, 8)), 116);
  header.set(typeof size === "number" ? utf8(octal(size, 12)) : size, 124);
  header.set(utf8(octal(0, 12)), 136);
  header.set(utf8(entry.type ?? "0"), 156);
  header.set(utf8(entry.linkName ?? ""), 157);
  header.set(utf8("ustar\x0000"), 257);
  header.set(utf8(entry.prefix ?? ""), 345);
  entry.patch?.(header);
  header.set(utf8("        "), 148);
  header.set(utf8(`${octal(header.reduce((sum, byte) => sum + byte, 0), 7)} `), 148);
  entry.spoil?.(header);
  return header;
}

/** An entry of PAX records (`x`: for the next entry, `g`: for all). */
export function pax(records: Readonly<Record<string, string>>, type: "x" | "g" = "x"): TarEntry {
  const text = Object.entries(records).map(([key, value]) => paxRecord(key, value)).join("");
  return { name: "PaxHeaders/x", type, content: utf8(text) };
}

/** An entry that gives the next one a long name. */
export function longName(name: string, type: "L" | "K" = "L"): TarEntry {
  return { name: "././@LongLink", type, content: utf8(`${name}\0`) };
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = utf8(rest).length;
  while (length !== `${length}`.length + utf8(rest).length) length = `${length}`.length + utf8(rest).length;
  return `${length}${rest}`;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}
