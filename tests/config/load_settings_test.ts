import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { type FileInfo, type Runtime, systemRuntime } from "../../machine.ts";
import { ConfigError, type ConfigErrorCode } from "../../src/config/config_error.ts";
import { editConfigFile, resetConfigFile } from "../../src/config/edit_config_file.ts";
import { loadSettings, type Settings } from "../../src/config/load_settings.ts";

const NO_MODES = process.platform === "win32"
  ? "Windows has no permission bits and no numbers of owners"
  : false;
const NO_LINKS = process.platform === "win32"
  ? "Windows makes symbolic links for administrators only"
  : false;

/** A folder with a config file, a policy file and an environment, removed afterwards. */
class Layers {
  readonly env: Record<string, string> = {};
  runtime: Runtime = systemRuntime();

  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get config(): string {
    return join(this.folder, "cco", "config.toml");
  }

  get policy(): string {
    return join(this.folder, "policy.toml");
  }

  load(options: { isNamed?: boolean; allowUnsigned?: boolean } = {}): Promise<Settings> {
    return loadSettings({
      runtime: this.runtime,
      env: (name) => this.env[name],
      policyFile: this.policy,
      configFile: this.config,
      allowUnsigned: false,
      sources: ["https://built.example/in.json"],
      ...options,
    });
  }
}

async function withLayers(
  files: { config?: string; policy?: string },
  action: (layers: Layers) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), "cco-config-"));
  try {
    const layers = new Layers(folder);
    await mkdir(join(folder, "cco"), { mode: 0o700 });
    if (files.config !== undefined) await writeFile(layers.config, files.config, { mode: 0o600 });
    if (files.policy !== undefined) await writeFile(layers.policy, files.policy, { mode: 0o644 });
    await action(layers);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function rejectsWith(
  promise: Promise<unknown>,
  code: ConfigErrorCode,
  message: RegExp = /./,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert(error instanceof ConfigError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

/** What files look like on a machine with several users. */
function owned(runtime: Runtime, change: (path: string, info: FileInfo) => Partial<FileInfo>): Runtime {
  const { fs } = runtime;
  return {
    ...runtime,
    fs: {
      ...fs,
      stat: async (path) => {
        const info = await fs.stat(path);
        return info === undefined ? undefined : { ...info, ...change(path, info) };
      },
      open: async (path, mode) => {
        const file = await fs.open(path, mode);
        const stat = file.stat.bind(file);
        file.stat = async () => {
          const info = await stat();
          return { ...info, ...change(path, info) };
        };
        return file;
      },
    },
  };
}

test("without any file the defaults and the build's sources apply", async () => {
  await withLayers({}, async (layers) => {
    const settings = await layers.load();
    assert.equal(settings.get("updates.channel"), "stable");
    assert.deepEqual(settings.get("updates.sources"), ["https://built.example/in.json"]);
    assert.deepEqual(settings.origin("updates.channel"), { layer: "default", where: undefined });
  });
});

test("policy wins over environment over file over default", async () => {
  const config = '[updates]\nenabled = false\nchannel = "beta"\ncheck_interval = "6h"\n';
  await withLayers({ config, policy: '[updates]\nchannel = "nightly"\n' }, async (layers) => {
    layers.env["CCO_AUTO_UPDATE_CHANNEL"] = "stable";
    layers.env["CCO_AUTO_UPDATE"] = "true";
    const settings = await layers.load();
    assert.equal(settings.get("updates.channel"), "nightly");
    assert.equal(settings.get("updates.enabled"), true);
    assert.equal(settings.get("updates.check_interval"), "6h");
    assert.deepEqual(settings.decidedBy("policy"), ["updates.channel"]);
    assert.deepEqual(settings.origin("updates.enabled"), { layer: "environment", where: "CCO_AUTO_UPDATE" });
    assert.deepEqual(settings.decidedBy("file"), ["updates.check_interval"]);
  });
});

test("each key has its variable, which wins over the short one; an empty one is none", async () => {
  await withLayers({}, async (layers) => {
    layers.env["CCO_UPDATES_ENABLED"] = "false";
    layers.env["CCO_AUTO_UPDATE"] = "true";
    layers.env["CCO_SERVICE_PORT"] = "8080";
    layers.env["CCO_UPDATES_CHANNEL"] = "";
    const settings = await layers.load();
    assert.equal(settings.get("updates.enabled"), false);
    assert.equal(settings.get("service.port"), 8080);
    assert.equal(settings.get("updates.channel"), "stable");
  });
});

test("a value that cannot be used is an error only when it is asked for, and names where it is", async () => {
  await withLayers({ config: '[updates]\nenabled = "maybe"\nchannel = "beta"\n' }, async (layers) => {
    layers.env["CCO_AUTO_UPDATE_INTERVAL"] = "monthly";
    const settings = await layers.load();
    assert.equal(settings.get("updates.channel"), "beta");
    assert.throws(
      () => settings.get("updates.enabled"),
      /Invalid boolean value: maybe \(updates\.enabled in .*config\.toml\)/,
    );
    assert.throws(() => settings.get("updates.check_interval"), /monthly.* in CCO_AUTO_UPDATE_INTERVAL\)/);
    assert.equal(settings.problems().length, 2);
  });
});

test("no layer can switch signatures off in a build that insists on them, nor add a key (T29)", async () => {
  const config =
    '[updates]\nverify_signatures = false\n[trust]\nkeys = ["RW"]\n[updates.trust]\nkeys = ["RW"]\n';
  await withLayers({ config }, async (layers) => {
    const strict = await layers.load();
    assert.throws(() => strict.get("updates.verify_signatures"), /cannot be false/);
    const lax = await layers.load({ allowUnsigned: true });
    assert.equal(lax.get("updates.verify_signatures"), false);
  });
});

test("__proto__ in a file is a key like any other and sets nothing", async () => {
  await withLayers(
    { config: '[__proto__]\nenabled = false\n[updates.__proto__]\nchannel = "beta"\n' },
    async (layers) => {
      const settings = await layers.load();
      assert.equal(settings.get("updates.channel"), "stable");
      assert.equal(({} as Record<string, unknown>)["enabled"], undefined);
    },
  );
});

test("a file that others may write to is refused (T29)", { skip: NO_MODES }, async () => {
  await withLayers({ config: "[updates]\n" }, async (layers) => {
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(layers.config, mode);
      await rejectsWith(layers.load(), "FILE_UNSAFE", /others may write to .* Run: chmod go-w/);
    }
  });
});

test(
  "a file of somebody else, or in somebody else's folder, is refused (T29)",
  { skip: NO_MODES },
  async () => {
    await withLayers({ config: "[updates]\n" }, async (layers) => {
      const real = layers.runtime;
      layers.runtime = owned(real, (path) => path.endsWith("config.toml") ? { uid: 4321 } : {});
      await rejectsWith(layers.load(), "FILE_UNSAFE", /belongs to user 4321/);
      layers.runtime = owned(real, (path) => path.endsWith("cco") ? { uid: 4321 } : {});
      await rejectsWith(layers.load(), "FILE_UNSAFE", /its folder .* belongs to user 4321/);
      layers.runtime = owned(real, (path) => path.endsWith("cco") ? { mode: 0o777 } : {});
      await rejectsWith(layers.load(), "FILE_UNSAFE", /others may write to its folder/);
    });
  },
);

test("a policy that is not root's is refused", async () => {
  await withLayers({ policy: "[updates]\n" }, async (layers) => {
    layers.runtime = owned(layers.runtime, (path) => path.endsWith("policy.toml") ? { uid: 1000 } : {});
    layers.runtime = { ...layers.runtime, uid: 1000 };
    await rejectsWith(layers.load(), "FILE_UNSAFE", /belongs to user 1000/);
  });
});

test(
  "a Kubernetes ConfigMap mount works: links to a read-only file of root",
  { skip: NO_LINKS },
  async () => {
    await withLayers({}, async (layers) => {
      const folder = join(layers.folder, "cco");
      await mkdir(join(folder, "..2025_11_17"));
      await writeFile(join(folder, "..2025_11_17", "config.toml"), '[updates]\nchannel = "beta"\n', {
        mode: 0o444,
      });
      await symlink("..2025_11_17", join(folder, "..data"));
      await symlink("..data/config.toml", layers.config);
      layers.runtime = owned(layers.runtime, (path) => path.endsWith(".toml") ? { uid: 0 } : {});
      assert.equal((await layers.load()).get("updates.channel"), "beta");
      await rejectsWith(
        editConfigFile(layers.runtime, layers.config, "updates.channel", "stable"),
        "FILE_NOT_WRITABLE",
        /read-only.*CCO_UPDATES_/,
      );
    });
  },
);

test("what is no readable text file is refused by name", async () => {
  await withLayers({}, async (layers) => {
    await rejectsWith(layers.load({ isNamed: true }), "FILE_MISSING", /does not exist/);
    await writeFile(layers.config, new Uint8Array([0xff, 0xfe, 0x00]), { mode: 0o600 });
    await rejectsWith(layers.load(), "FILE_DAMAGED", /not UTF-8/);
    await writeFile(layers.config, "#".repeat(300_000), { mode: 0o600 });
    await rejectsWith(layers.load(), "FILE_TOO_LARGE", /more than 256 KiB/);
    await writeFile(layers.config, `a = ${"[".repeat(100_000)}`, { mode: 0o600 });
    await rejectsWith(layers.load(), "FILE_DAMAGED");
    await rm(layers.config);
    await mkdir(layers.config);
    await rejectsWith(layers.load(), "FILE_UNREADABLE");
  });
});

test("500 random damaged files never crash: each loads or is a ConfigError", async () => {
  const piece = fc.constantFrom(
    "[updates]",
    "enabled",
    "=",
    "true",
    '"',
    "'''",
    "[",
    "]",
    "{",
    "\n",
    "\r",
    "#",
    ".",
    "channel",
    '"beta"',
    "\0",
    "é",
    "1e999",
  );
  await withLayers({}, async (layers) => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.array(piece).map((parts) => parts.join("")), fc.string()),
        async (text) => {
          await writeFile(layers.config, text, { mode: 0o600 });
          try {
            (await layers.load()).problems();
          } catch (error) {
            assert(error instanceof ConfigError, String(error));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test("editConfigFile() makes file and folder with private rights, and leaves nothing beside it", async () => {
  await withLayers({}, async (layers) => {
    const path = join(layers.folder, "fresh", "cco", "config.toml");
    await editConfigFile(layers.runtime, path, "updates.channel", "beta");
    assert.equal(await readFile(path, "utf8"), '[updates]\nchannel = "beta"\n');
    assert.deepEqual(await readdir(join(layers.folder, "fresh", "cco")), ["config.toml"]);
    const { mode } = (await layers.runtime.fs.stat(path))!;
    assert.equal(mode, layers.runtime.os === "windows" ? undefined : 0o600);
  });
});

test(
  "editConfigFile() keeps the mode of the file and a symbolic link to it",
  { skip: NO_LINKS },
  async () => {
    await withLayers({}, async (layers) => {
      const real = join(layers.folder, "dotfiles.toml");
      await writeFile(real, "# mine\n", { mode: 0o640 });
      await symlink(real, layers.config);
      await editConfigFile(layers.runtime, layers.config, "updates.enabled", false);
      assert.equal((await layers.runtime.fs.stat(layers.config))!.kind, "symlink");
      assert.equal((await layers.runtime.fs.stat(real))!.mode, 0o640);
      assert.match(await readFile(real, "utf8"), /^# mine\n\n\[updates\]\nenabled = false\n$/);
    });
  },
);

test("editConfigFile() respects a read-only file", { skip: NO_MODES }, async () => {
  await withLayers({ config: "# mine\n" }, async (layers) => {
    await chmod(layers.config, 0o400);
    await rejectsWith(
      editConfigFile(layers.runtime, layers.config, "updates.enabled", false),
      "FILE_NOT_WRITABLE",
    );
    assert.equal(await readFile(layers.config, "utf8"), "# mine\n");
  });
});

test("editConfigFile() loses none of thirty changes made at the same time", async () => {
  await withLayers({ config: "# mine\n" }, async (layers) => {
    const ports = Array.from({ length: 10 }, (_, index) => 4000 + index);
    // With a clock that stands still nobody gives up waiting, however slow the machine is.
    const runtime = { ...layers.runtime, now: () => 0 };
    await Promise.all([
      ...ports.map((port) => editConfigFile(runtime, layers.config, "service.port", port)),
      ...ports.map((_, index) => editConfigFile(runtime, layers.config, "updates.keep_backups", index + 1)),
      ...ports.map((_, index) => editConfigFile(runtime, layers.config, "updates.enabled", index % 2 === 0)),
    ]);
    const settings = await layers.load();
    assert.deepEqual(settings.decidedBy("file"), ["updates.enabled", "updates.keep_backups", "service.port"]);
    assert.deepEqual(await readdir(join(layers.folder, "cco")), ["config.toml"]);
  });
});

test("editConfigFile() takes over a lock that a crash has left, and waits for no living one for ever", async () => {
  await withLayers({ config: "# mine\n" }, async (layers) => {
    const { runtime } = layers;
    await writeFile(`${layers.config}.lock`, "");
    let time = Date.now();
    const clock = { ...runtime, now: () => time, wait: () => Promise.resolve(void (time += 1000)) };
    await rejectsWith(editConfigFile(clock, layers.config, "updates.enabled", false), "FILE_BUSY");
    time += 60_000;
    await editConfigFile(clock, layers.config, "updates.enabled", false);
    assert.match(await readFile(layers.config, "utf8"), /enabled = false/);
  });
});

test("resetConfigFile() puts any file aside, damaged ones too, and never over another", async () => {
  await withLayers({ config: "damaged [" }, async (layers) => {
    const runtime = { ...layers.runtime, now: () => Date.parse("2025-11-17T14:32:15Z") };
    const aside = await resetConfigFile(runtime, layers.config);
    assert.equal(aside, `${layers.config}.20251117T143215Z.bak`);
    await writeFile(layers.config, "second", { mode: 0o600 });
    assert.equal(await resetConfigFile(runtime, layers.config), `${layers.config}.20251117T143215Z-2.bak`);
    assert.equal(await readFile(aside!, "utf8"), "damaged [");
    assert.equal(await resetConfigFile(runtime, layers.config), undefined);
  });
});
