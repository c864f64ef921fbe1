/** Whose certificates are trusted on Node and Bun, where a list of one's own replaces the runtime's. */

import { readFile } from "node:fs/promises";
import { rootCertificates } from "node:tls";
import { CERTIFICATE_VARIABLES, requireCertificates } from "../machine/certificates.ts";
import { fileError } from "../machine/file_error.ts";

/**
 * The well-known authorities, those of a file, and those that the environment names.
 *
 * @param caFile The file's path; it must be there, where the environment's need not.
 * @returns Certificates in PEM.
 */
export async function authorities(caFile: string | undefined): Promise<string[]> {
  const own = caFile === undefined ? [] : [await readCertificates(caFile)];
  const named = CERTIFICATE_VARIABLES.flatMap((name) => process.env[name] || []);
  const others = await Promise.all(named.map((path) => readCertificates(path).catch(() => undefined)));
  return [...rootCertificates, ...own, ...others.filter((text) => text !== undefined)];
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error) => {
    throw fileError("read", path, error);
  });
  return requireCertificates(text, path);
}
