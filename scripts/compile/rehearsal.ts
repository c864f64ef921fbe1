/**
 * Which functions `cco update --check` runs: it is rehearsed.
 *
 * A bundle of the same sources, whose build trusts a key and a server made for it, checks for updates a few times in a
 * home of its own. What a build is stands in `main.js` alone, so that all other files are those of the real bundle, and
 * what ran in them is kept in the build cache for as long as they stay the same.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { type Build, developmentBuild } from "../../src/cli/build.ts";
import { generateKey } from "../../src/minisign_secret.ts";
import { buildCache, exists, makeOnce } from "../build_cache.ts";
import { Home, namesIn } from "../demo/home.ts";
import { runBundler } from "./bundler.ts";
import { type Ran, readRan } from "./ran.ts";
import { INSTALLED, serveRelease } from "./rehearsed_release.ts";
import { type Snapshot, writeEntry } from "./snapshot.ts";

/** To be counted up when the rehearsal becomes another one: what is kept is then of no use. */
const EDITION = 1;
const MAIN = "main.js";

/**
 * Finds out which functions of a bundle a check for updates runs.
 *
 * @param snapshot The sources, ready for the bundler; the module that starts the program is another one afterwards.
 * @param folder The bundle made from them.
 * @param cache Where what ran is kept.
 * @returns The functions, in all files but `main.js`.
 * @throws {Error} When the check does not run as it should.
 */
export async function rehearse(snapshot: Snapshot, folder: string, cache = buildCache()): Promise<Ran> {
  const digest = await digestOf(folder);
  const path = join(cache, "rehearsed", `${digest}.json`);
  if (!await exists(path)) {
    await Deno.mkdir(dirname(path), { recursive: true });
    const ran = await rehearseAnew(snapshot, digest);
    await makeOnce(path, (temporary) => Deno.writeTextFile(temporary, JSON.stringify(ran)));
  }
  return JSON.parse(await Deno.readTextFile(path));
}

/** The digest of all that decides what runs. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256").update(`${EDITION} ${Deno.version.deno} ${Deno.build.target}\n`);
  for (const name of await namesIn(folder)) {
    if (name !== MAIN) hash.update(`${name}\n`).update(await Deno.readFile(join(folder, name)));
  }
  return hash.digest("hex");
}

async function rehearseAnew(snapshot: Snapshot, digest: string): Promise<Ran> {
  await using home = await Home.make();
  const key = await generateKey((bytes) => crypto.getRandomValues(new Uint8Array(bytes)));
  const { server, source } = await serveRelease(key);
  await using _server = server;
  const facts: Partial<Build> = { sources: [source], keys: [key.publicKey.text], allowUnsigned: false };
  const folder = join(home.folder, "bundle");
  await writeEntry(snapshot.folder, { ...developmentBuild(INSTALLED), ...facts, kind: "release" });
  await runBundler(snapshot, folder);
  if (await digestOf(folder) !== digest) {
    throw new Error(
      `Cannot rehearse a check: with another build other files than ${MAIN} differ. Bundle what a build is into ${MAIN} only`,
    );
  }
  return await checkThrice(home, folder);
}

/** The first check fills the caches, the second finds them, and the third is what every later one is like. */
async function checkThrice(home: Home, folder: string): Promise<Ran> {
  const coverage = join(home.folder, "coverage");
  for (const options of [[], [], [`--coverage=${coverage}`]]) await check(home, join(folder, MAIN), options);
  const { [MAIN]: _main, ...ran } = await readRan(coverage, folder);
  if (Object.keys(ran).length > 0) return ran;
  throw new Error(`Cannot rehearse a check: Deno ${Deno.version.deno} tells of no function that ran`);
}

async function check(home: Home, main: string, options: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-remote", ...options, main, "update", "--check"],
    cwd: home.folder,
    // Deno would ask its makers for a newer one.
    env: { ...home.env, DENO_NO_UPDATE_CHECK: "1" },
    clearEnv: true,
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const said = `${decoder.decode(stdout)}${decoder.decode(stderr)}`;
  if (code === 0 && said.includes("New version available")) return;
  throw new Error(`Cannot rehearse a check: cco update --check exited with ${code}:\n${said}`);
}
