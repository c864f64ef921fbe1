/**
 * GitHub on a fault server: its API and its downloads.
 *
 * @module
 */

import type { Runtime } from "../../../src/runtime/types.ts";
import type { FaultServer } from "../../../src/testing/fault_server.ts";
import { wireRuntime } from "../../support/wire_runtime.ts";
import { digest } from "./sources.ts";

/** Where the API lists the releases. */
export const RELEASES = "/api.github.com/repos/o/r/releases";

/** The name of a release's executable. */
export const BINARY = "app-v1.2.0-linux-x86_64";

/** Sends requests for GitHub's hosts to the server, below a folder named after the host. */
export function githubRuntime(server: FaultServer): Runtime {
  const { runtime } = wireRuntime();
  const fetch: Runtime["fetch"] = (url, init) => {
    const { host, pathname, search } = new URL(url);
    return runtime.fetch(host.startsWith("127.") ? url : `${server.url}/${host}${pathname}${search}`, init);
  };
  return { ...runtime, fetch };
}

/** A release as the API shows it, with files. */
export function release(tag: string, files: Record<string, string>, more = {}): Record<string, unknown> {
  const assets = Object.entries(files).map(([name, content]) => ({
    name,
    size: content.length,
    digest: `sha256:${digest(content)}`,
    state: "uploaded",
    browser_download_url: `https://github.com/o/r/releases/download/${tag}/${name}`,
    url: `https://api.github.com/repos/o/r/releases/assets/${tag}-${name}`,
  }));
  return {
    tag_name: tag,
    draft: false,
    prerelease: false,
    published_at: "2026-01-01T00:00:00Z",
    assets,
    ...more,
  };
}

/** Serves the files of a release, for who has a token and for who has none. */
export function serveFiles(server: FaultServer, tag: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    server.serve(`/github.com/o/r/releases/download/${tag}/${name}`, content);
    server.serve(`/api.github.com/repos/o/r/releases/assets/${tag}-${name}`, content);
  }
}
