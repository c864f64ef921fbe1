/** The compiled `cco` and what nginx answers to it: parts, 304, compressed files, pauses. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { companyFor, installed, logOf, peersTest } from "../support/deno/company.ts";
import { NEW } from "../support/deno/published.ts";

peersTest("a compiled cco continues a download from nginx with Range", false, async (t) => {
  const company = await companyFor(t, false);
  const run = await installed(t, company, {});
  const { sha256, size, path } = company.archive;
  const half = Math.floor(size / 2);
  const downloads = join(run.home.folder, ".local", "state", "cco", "downloads");
  await Deno.mkdir(downloads, { recursive: true });
  await Deno.writeFile(join(downloads, `${sha256}.part`), (await Deno.readFile(path)).subarray(0, half));

  const { code, stderr } = await run("update", "--yes");
  assert.equal(code, 0, stderr);
  const answers = (await logOf(company.nginx)).filter(({ path }) => path.endsWith(".tar.gz"));
  assert.deepEqual(answers.map(({ status, bytes }) => [status, bytes]), [[206, size - half]]);
});

peersTest(
  "a second cco is answered 304 for what has not changed, and verifies it again (T18)",
  false,
  async (t) => {
    const company = await companyFor(t, false);
    const run = await installed(t, company, {});
    const first = await run("update", "--check");
    const second = await run("update", "--check");
    assert.deepEqual([first.code, second.code], [0, 0], second.stderr);
    assert.equal(second.stdout, first.stdout);
    const answers = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(answers.map(({ status }) => status), [200, 304]);

    // What was kept is as untrusted as what comes off the wire, and does not keep updates away when it is wrong.
    const cache = join(run.home.folder, ".local", "state", "cco", "cache");
    for await (const { name } of Deno.readDir(cache)) await tamper(join(cache, name));
    const third = await run("update", "--check");
    assert.equal(third.code, 0, third.stderr);
    assert.equal(third.stdout, first.stdout);
    const all = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(all.map(({ status }) => status), [200, 304, 304, 200]);
  },
);

/** Writes another version into a kept document, with the digest that it then has. */
async function tamper(path: string): Promise<void> {
  const [head = "", ...rest] = (await Deno.readTextFile(path)).split("\n");
  const body = rest.join("\n").replaceAll(NEW, "2025.99.9");
  const digest = createHash("sha256").update(body).digest("hex");
  await Deno.writeTextFile(path, `${head.split(" ")[0]} ${digest}\n${body}`);
}

peersTest(
  "a compiled cco asks nginx for nothing compressed, and reads what comes so all the same",
  false,
  async (t) => {
    const company = await companyFor(t, false);
    const run = await installed(t, company, {});
    const plain = await run("update", "--check");
    assert.equal(plain.code, 0, plain.stderr);
    const manifest = join(company.folder, "www", "version-manifest.json");
    const before = (await Deno.stat(manifest)).size;
    const asked = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(asked.map(({ status, bytes }) => [status, bytes]), [[200, before]]);

    const other = await installed(t, company, {});
    const compressed = gzipSync(await Deno.readFile(manifest));
    await Deno.writeFile(`${manifest}.gz`, compressed);
    const update = await other("update", "--yes");
    assert.equal(update.code, 0, update.stderr);
    assert.equal((await other("--version")).stdout, `cco ${NEW}\n`);
    const all = (await logOf(company.nginx)).filter(({ path }) => path === "/version-manifest.json");
    assert.deepEqual(all.at(-1), { ...all.at(-1), status: 200, bytes: compressed.length });
  },
);

peersTest("a pause that a server asked for is kept by the next cco, which asks nobody", false, async (t) => {
  const company = await companyFor(t, false);
  const busy = company.source.replace("/version-manifest", "/busy/version-manifest");
  const run = await installed(t, company, { CCO_UPDATES_SOURCES: busy });
  for (const asked of [1, 1]) {
    const { code, stderr } = await run("update", "--check");
    assert.equal(code, 4, stderr);
    assert.match(stderr, /asks for a pause; try again after 20/);
    assert.equal(
      (await logOf(company.nginx)).filter(({ path }) => path === new URL(busy).pathname).length,
      asked,
    );
  }
});
