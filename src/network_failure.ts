/**
 * Why a request failed, in words a person can act on, out of each runtime's own error.
 *
 * Deno 2.7 says it in the message, Deno 2.9 and Node in the cause, Bun in the code: all of them are read together.
 *
 * @module
 */

/** What is known about a failed request. */
export interface NetworkFailure {
  /** What happened and, where something can be done, what. */
  readonly reason: string;
  /** Whether trying again can help. */
  readonly transient: boolean;
}

/** Known failures, the most specific first; the first pattern that matches decides. */
const FAILURES: readonly (NetworkFailure & { readonly pattern: RegExp })[] = [
  {
    pattern: /NotCapable|Requires net access|ERR_ACCESS_DENIED/,
    reason: "this program has no permission to use the network; run it with --allow-net for this host",
    transient: false,
  },
  {
    pattern: /Cannot use the proxy: /,
    reason:
      "the proxy's address cannot be used; correct HTTP_PROXY, HTTPS_PROXY or ALL_PROXY, or updates.proxy of cco: " +
      "http://user:password@host:port, with special characters of the password percent-encoded",
    transient: false,
  },
  {
    pattern: /proxy.*(authenti|407)|407 proxy|proxy response \(407\)|PROXY_AUTH/i,
    reason:
      "the proxy asks for a user and password; put them into HTTPS_PROXY, or updates.proxy of cco, as " +
      "http://user:password@host:port",
    transient: false,
  },
  {
    pattern: /CERT_HAS_EXPIRED|certificate (has )?expired|: Expired|CERT_NOT_YET_VALID|NotValidYet/i,
    reason: "the server's certificate is out of date; check this machine's clock",
    transient: false,
  },
  {
    pattern: /NotValidForName|ALTNAME_INVALID|certificate not valid for name/i,
    reason: "the server's certificate belongs to another name; a proxy or a captive portal may be in between",
    transient: false,
  },
  {
    pattern:
      /UnknownIssuer|BadSignature|CERT_SIGNATURE_FAILURE|UNABLE_TO_(VERIFY_LEAF|GET_ISSUER)|SELF_SIGNED|self.signed|unable to (verify|get local issuer)/i,
    reason:
      "the server's certificate is signed by an authority this program does not know; in a network with its " +
      "own authority set SSL_CERT_FILE, or updates.ca_file of cco, to a file with its certificate",
    transient: false,
  },
  {
    pattern: /WRONG_VERSION_NUMBER|InvalidContentType|EPROTO|speak TLS/i,
    reason: "the server does not speak TLS on this port",
    transient: false,
  },
  {
    pattern: /peer certificate|CERTIFICATE_|\bCERT_/,
    reason: "the server's certificate is not valid",
    transient: false,
  },
  { pattern: /ports? \d+ (are|is) blocked|bad port/i, reason: "this port is not allowed", transient: false },
  {
    pattern: /ZlibError|Z_DATA_ERROR|Z_BUF_ERROR|corrupt deflate|invalid gzip|incorrect header check/i,
    reason: "the server sent damaged compressed data",
    transient: true,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|EAI_|dns error|lookup address|name resolution/i,
    reason: "the host name cannot be found; check the network and the name",
    transient: true,
  },
  {
    pattern: /tunnel|proxy connect|UND_ERR_ABORTED|proxy/i,
    reason:
      "the proxy did not let the request through; check HTTPS_PROXY, or updates.proxy of cco, and NO_PROXY",
    transient: true,
  },
  {
    pattern: /ECONNREFUSED|connection refused/i,
    reason:
      "nothing answers at this address; the server may be down, or a proxy may be needed (HTTPS_PROXY, updates.proxy of cco)",
    transient: true,
  },
  {
    pattern: /ENETUNREACH|EHOSTUNREACH|ENETDOWN|unreachable/i,
    reason: "the network cannot be reached",
    transient: true,
  },
  { pattern: /ETIMEDOUT|TIMEOUT|timed out/i, reason: "the server did not answer in time", transient: true },
  {
    pattern:
      /ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed|terminated|connection (reset|closed)|closed unexpectedly|reading a body|unexpected (end|eof)|broken pipe/i,
    reason: "the connection broke",
    transient: true,
  },
];

/**
 * Explains a runtime's network error.
 *
 * @param error What `fetch` or reading a body threw.
 * @returns Why, and whether trying again can help; an unknown failure counts as one that can pass.
 */
export function explainFailure(error: unknown): NetworkFailure {
  const text = chain(error).join("\n");
  return FAILURES.find(({ pattern }) => pattern.test(text)) ??
    { reason: "the request failed", transient: true };
}

/** Names, codes and messages of an error and its causes; eight are more than any runtime nests. */
function chain(error: unknown, depth = 8): string[] {
  if (!(error instanceof Error) || depth === 0) return [];
  const code = (error as { code?: unknown }).code;
  const inner = error instanceof AggregateError ? error.errors : [];
  return [
    `${error.name} ${typeof code === "string" ? code : ""} ${error.message}`,
    ...inner.flatMap((each: unknown) => chain(each, depth - 1)),
    ...chain(error.cause, depth - 1),
  ];
}
