/**
 * Where a machine keeps the certificate authorities that are trusted besides the well-known ones.
 *
 * @module
 */

/** The bundles of Debian, Red Hat, SUSE, and Alpine or BSD, in this order. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** The variables that name files of certificates. */
export const CERTIFICATE_VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * The files that may hold the authorities of this machine and its network.
 *
 * @param env Reads a variable.
 * @param os The operating system; only Linux keeps its store in a file.
 * @returns Paths, not all of which need to be there.
 */
export function certificateFiles(env: (name: string) => string | undefined, os: string): string[] {
  const named = CERTIFICATE_VARIABLES.flatMap((name) => env(name) || []);
  return [...named, ...(os === "linux" ? SYSTEM_BUNDLES : [])];
}

/**
 * Requires a text to hold certificates.
 *
 * @param text What was read.
 * @param path Where from, for the message.
 * @returns The text.
 * @throws {TypeError} When there are none in it.
 */
export function requireCertificates(text: string, path: string): string {
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new TypeError(`Cannot trust the certificates in ${path}: current content has none in PEM`);
}
