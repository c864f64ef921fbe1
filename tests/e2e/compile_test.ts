/** `deno task compile` as a publisher runs it. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { fileDigest } from "../../scripts/build_cache.ts";
import { bundle } from "../../scripts/compile/bundle.ts";
import { hostPlatform, PLATFORMS } from "../../scripts/compile/platforms.ts";
import { takeSnapshot } from "../../scripts/compile/snapshot.ts";
import { recoveredToolchain } from "../../scripts/compile/toolchain.ts";
import { recoveredDenort } from "../../scripts/denort.ts";
import { namesIn } from "../../scripts/demo/home.ts";
import { developmentBuild } from "../../src/cli/build.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/compile.ts", import.meta.url));
const KEY = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

/** How the executables of each system begin. */
const MAGIC: Readonly<Record<string, string>> = {
  linux: "7f454c46",
  darwin: "cffaedfe",
  windows: "4d5a9000",
};

test("compile makes five executables, their archives and checksums", async (t) => {
  const out = await temporaryFolder(t);
  const { code, stderr } = await compile(["--version", "1.2.3", "--out", out]);
  assert.equal(code, 0, stderr);
  const archives = PLATFORMS.map(({ name, format }) => `cco-v1.2.3-${name}.${format}`);
  assert.deepEqual(
    await namesIn(out),
    ["checksums.sha256", ...archives, ...PLATFORMS.map(({ name }) => name)].sort(),
  );
  for (const { name, executable } of PLATFORMS) {
    const [system = ""] = name.split("-");
    assert.equal(await magicOf(join(out, name, executable)), MAGIC[system], name);
  }
  const lines = await Promise.all(
    archives.map(async (name) => `${await fileDigest(join(out, name))}  ${name}\n`),
  );
  const written = await Deno.readTextFile(join(out, "checksums.sha256"));
  assert.deepEqual(written.split(/(?<=\n)/).sort(), lines.sort());
  assert.equal(await versionOf(out), "cco 1.2.3");
});

test("compile makes no release with a runtime that was recovered from somebody else's program", async (t) => {
  const out = await temporaryFolder(t);
  const denort = await recoveredDenort("2.7.11", "linux-x86_64");
  const { code, stderr } = await compile(["--target", "host", "--key", KEY, "--out", out], {
    DENORT_BIN: denort,
  });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^Cannot make a release with DENORT_BIN=.*: it was taken out of somebody else's program\./m,
  );
  assert.deepEqual(await namesIn(out), []);
});

test("compile takes one runtime of the user's for one platform only", async (t) => {
  const out = await temporaryFolder(t);
  const { code, stderr } = await compile(["--out", out], { DENORT_BIN: "/nowhere/denort" });
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot compile for 5 platforms with DENORT_BIN=\/nowhere\/denort: /m);
});

test(
  "compile makes no release where the official runtime cannot be downloaded, but a build to try things out",
  {
    skip: hostPlatform() === "linux-x86_64"
      ? false
      : "a runtime for the pinned Deno is known for Linux x86_64 only",
  },
  async (t) => {
    // Downloads what the second half needs.
    await recoveredToolchain("linux-x86_64");
    await using sources = await takeSnapshot(developmentBuild("1.2.3"));
    await (await bundle(sources))[Symbol.asyncDispose]();
    const out = await temporaryFolder(t);
    const cutOff = await cutOffEnvironment(t);
    const args = ["--target", "host", "--version", "1.2.3", "--key", KEY, "--out", out];

    const release = await compile(args, cutOff);
    assert.equal(release.code, 1);
    assert.match(
      release.stderr,
      /^Cannot make a release for linux-x86_64: Deno could not download its runtime \(.+\)\. /m,
    );
    assert.deepEqual((await namesIn(out)).filter((name) => name.startsWith("cco-")), []);

    const development = await compile([...args, "--development"], cutOff);
    assert.equal(development.code, 0, development.stderr);
    assert.match(
      development.stderr,
      /^For tests only: the runtime of Deno .+ Do not publish what is made with it\.$/m,
    );
    assert.equal(await versionOf(out), "cco 1.2.3");
  },
);

/** Deno with the packages that are here already, without a runtime that it may have downloaded, and without a network. */
async function cutOffEnvironment(t: TestContext): Promise<Record<string, string>> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", "--no-config"] }).output();
  const { denoDir, npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
  const folder = await temporaryFolder(t);
  await Deno.symlink(npmCache, join(folder, "npm"));
  // Beside the runtimes lies the bundler.
  await Deno.mkdir(join(folder, "dl"));
  for (const name of (await namesIn(join(denoDir, "dl"))).filter((name) => name.startsWith("esbuild-"))) {
    await Deno.symlink(join(denoDir, "dl", name), join(folder, "dl", name));
  }
  const nobody = "http://127.0.0.1:1";
  return { DENO_DIR: folder, HTTPS_PROXY: nobody, HTTP_PROXY: nobody, NO_PROXY: "" };
}

async function compile(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { DENORT_BIN: _own, ...inherited } = Deno.env.toObject();
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SCRIPT, ...args],
    env: { ...inherited, ...env },
    clearEnv: true,
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "cco-compile-test-" });
  t.after(() => Deno.remove(folder, { recursive: true }));
  return folder;
}

async function magicOf(path: string): Promise<string> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(4);
  await file.read(bytes);
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function versionOf(out: string): Promise<string> {
  const host = PLATFORMS.find(({ name }) => name === hostPlatform());
  assert(host, `there is no executable for ${hostPlatform()}`);
  const { stdout } = await new Deno.Command(join(out, host.name, host.executable), { args: ["--version"] })
    .output();
  return new TextDecoder().decode(stdout).trim();
}
