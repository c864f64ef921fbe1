/** GitHub-only mode: a release without a manifest, whose `checksums.sha256` is signed; roots and more lie beside it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchManifest } from "../../src/fetch_manifest.ts";
import type { Manifest } from "../../src/manifest.ts";
import { memoryRuntime } from "../../src/runtime/memory.ts";
import { signedBy, type TrustPolicy } from "../../src/trust.ts";
import { failsWith } from "../support/fails_with.ts";
import { APP, NOW, rootText, signRoot, signText, testKey } from "../support/signed_release.ts";

const API = "https://api.github.com/repos/o/r/releases";
const DOWNLOADS = "https://github.com/o/r/releases/download/v1.2.0/";
const [rootKey, oldKey, newKey] = [await testKey(1), await testKey(2), await testKey(3)];
const first = rootText({ version: 1, rootKeys: [rootKey], manifestKeys: [oldKey] });

/** Everything a public repository serves: its release is signed by `signer`, and root 2 has replaced the old key. */
async function served(signer: typeof rootKey): Promise<Map<string, Uint8Array | string>> {
  const sums = `${"ab".repeat(32)}  demo-v1.2.0-linux-x86_64\n`;
  const signed = await signText(sums, [signer], { comment: `cco-file/1 ${APP} checksums.sha256` });
  const root = await signRoot(rootText({ version: 2, rootKeys: [rootKey], manifestKeys: [newKey] }), [
    rootKey,
  ]);
  const files: [name: string, content: Uint8Array | string][] = [
    ["checksums.sha256", sums],
    ["checksums.sha256.minisig", signed.signature!],
    ["demo-v1.2.0-linux-x86_64", "a program"],
  ];
  const assets = files.map(([name], id) => ({
    name,
    size: 9,
    url: `${API}/assets/${id}`,
    browser_download_url: DOWNLOADS + name,
  }));
  return new Map([
    [
      `${API}?per_page=100`,
      JSON.stringify([{ tag_name: "v1.2.0", draft: false, prerelease: false, assets }]),
    ],
    ...files.map(([name, content]) => [DOWNLOADS + name, content] as const),
    ...files.map(([, content], id) => [`${API}/assets/${id}`, content] as const),
    [`${DOWNLOADS}2.root.json`, root.bytes],
    [`${DOWNLOADS}2.root.json.minisig`, root.signature!],
    [`${DOWNLOADS}checksums.sha256.asc`, "another kind of signature"],
  ]);
}

async function fetched(
  signer: typeof rootKey,
  { githubToken, trust }: { githubToken?: string | undefined; trust?: TrustPolicy } = {},
): Promise<Manifest> {
  const files = await served(signer);
  const runtime = memoryRuntime({
    now: NOW,
    execPath: "/opt/demo",
    fetch: (url) => {
      const content = files.get(url);
      return content === undefined
        ? new Response(null, { status: 404 })
        : new Response(content as Uint8Array<ArrayBuffer>);
    },
  });
  const whom = trust === undefined ? { root: first } : { trust };
  return await fetchManifest("github:o/r", { app: APP, runtime, githubToken, ...whom });
}

for (const githubToken of [undefined, "token"]) {
  const how = githubToken === undefined ? "without a token" : "with a token, through the API";

  test(`T11: ${how}, a release without a manifest is judged by the newest root beside it`, async () => {
    const { trust, versions } = await fetched(newKey, { githubToken });
    assert.deepEqual(trust, { signed: true, keyIds: [newKey.publicKey.id] });
    assert.equal(versions.get("1.2.0")?.assets.get("linux-x86_64")?.sha256, "ab".repeat(32));
    await failsWith(fetched(oldKey, { githubToken }), "UNTRUSTED", { reason: "unknown-key" });
  });

  test(`${how}, a policy can ask for another signature of the checksums`, async () => {
    const inner = signedBy({ app: APP, root: first });
    let seen = "";
    const trust: TrustPolicy = {
      ...inner,
      verifyFile: async (file, context) => {
        seen += new TextDecoder().decode(await context.fetchSignature?.(".asc"));
        return await inner.verifyFile(file, context);
      },
    };
    await fetched(newKey, { githubToken, trust });
    assert.equal(seen, "another kind of signature");
  });
}
