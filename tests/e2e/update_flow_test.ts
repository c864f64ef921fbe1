/** A person's update, from one compiled executable to the next and back, as in the command-line contract. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileDigest } from "../../scripts/build_cache.ts";
import { NEW, NOTES, OLD, published } from "../support/deno/published.ts";

test("a compiled cco finds a newer version, replaces itself with it, and goes back", async (t) => {
  const { home, old, new: newer } = await published(t);

  const version = await home.run("--version");
  assert.deepEqual(version, { code: 0, stdout: `cco ${OLD}\n`, stderr: "" });

  const check = await home.run("update", "--check");
  assert.deepEqual(check, {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: ${OLD}
→ Latest version: ${NEW}
ℹ️  New version available: v${NEW}
Run 'cco update' to install
`,
    stderr: "",
  });
  assert.deepEqual(await home.installed(), ["cco"]);

  const update = await home.run("update", "--yes");
  assert.deepEqual(update, {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: ${OLD}
→ Latest version: ${NEW}

What's new in v${NEW}:
  ${NOTES}

→ Downloading CCO v${NEW}...
→ Verifying checksum...
  ✓ Checksum verified
→ Verifying signature...
  ✓ Signature verified
→ Extracting archive...
→ Backing up current version...
→ Installing update...
✅ Successfully updated to v${NEW}

Restart CCO to use the new version.
`,
    stderr: "",
  });
  assert.deepEqual(await home.installed(), ["cco", "cco.backup"]);
  assert.equal(await fileDigest(home.executable), newer.sha256);
  assert.equal(await fileDigest(`${home.executable}.backup`), old.sha256);
  assert.equal((await home.run("--version")).stdout, `cco ${NEW}\n`);

  const again = await home.run("update", "--check");
  assert.deepEqual(again, {
    code: 0,
    stdout: `→ Checking for updates...
→ Current version: ${NEW}
→ Latest version: ${NEW}
✅ You are running the latest version
`,
    stderr: "",
  });

  const back = await home.run("rollback");
  assert.equal(back.code, 0, back.stderr);
  assert.equal(await fileDigest(home.executable), old.sha256);
  assert.match(
    (await home.run("version")).stdout,
    new RegExp(`^CCO version ${OLD.replaceAll(".", "\\.")}\n`),
  );
});
