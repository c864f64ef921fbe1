/**
 * Which published executables were made by `deno compile`, and the runtime inside each of them.
 *
 * @module
 */

import type { PinnedFile } from "../npm_package.ts";

/** A published executable and the digest of the runtime recovered from it. */
export interface DenortPin {
  /** The version of Deno that made the executable; only that version can use the runtime. */
  readonly deno: string;
  /** The platform it runs on. */
  readonly platform: string;
  /** The executable. */
  readonly executable: PinnedFile;
  /** SHA-256 digest of the recovered runtime. */
  readonly sha256: string;
}

const STDY = { version: "0.22.2", file: "bin/steady" };

/** Every runtime that can be recovered, the preferred version of Deno first. */
export const DENORT_PINS: readonly DenortPin[] = [
  {
    deno: "2.9.4",
    platform: "linux-x86_64",
    executable: {
      name: "@chelonia/cli-x64-linux",
      version: "3.4.0",
      file: "chel",
      sha256: "bf5318c47771dc044bafaf935d411b9d3456a7c96d30b32bbda27eaee930577f",
    },
    sha256: "723d45cca4f68bd66652da1e0d45562b0700317c1535981035f50f078785a131",
  },
  {
    deno: "2.7.11",
    platform: "linux-x86_64",
    executable: {
      name: "@stdy/cli-linux-x64",
      ...STDY,
      sha256: "9716bb192746f093b86a280c5e30f87b5461fcefde4c275648357273b468bc8b",
    },
    sha256: "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6",
  },
  {
    deno: "2.7.11",
    platform: "linux-aarch64",
    executable: {
      name: "@stdy/cli-linux-arm64",
      ...STDY,
      sha256: "bfb5dc0426e446334956acc0c5df610e28bd8bfb31b3c5cead7a17820c4b68ef",
    },
    sha256: "9c888d915647ff971a497acd39ee45ea63da5f19d12d4363124942c257c055ef",
  },
  {
    deno: "2.7.11",
    platform: "darwin-x86_64",
    executable: {
      name: "@stdy/cli-darwin-x64",
      ...STDY,
      sha256: "79b2f73925accd5c20999330b93a02b56d3d750c425d815c66fea39b866212f3",
    },
    sha256: "56688cbe3a36cc79bb94368570385884ccd82ee8c54a127050df792923562cc2",
  },
  {
    deno: "2.7.11",
    platform: "darwin-arm64",
    executable: {
      name: "@stdy/cli-darwin-arm64",
      ...STDY,
      sha256: "bbea9a6e5e39516958cebc3bafd97abce1a4b192d8a8d4e18725d3eee8ef444c",
    },
    sha256: "905e502336571de23a06b3617bcbc170d2837c45cc140ebf7d11e0ab32c46a33",
  },
  {
    deno: "2.7.11",
    platform: "windows-x86_64",
    executable: {
      name: "@stdy/cli-win32-x64",
      ...STDY,
      file: "bin/steady.exe",
      sha256: "f61a8733b07d8fe6746543e8c602a0f583cd9baa591a94d63ea59c2349a7ef85",
    },
    sha256: "11ab80706a8bb4bc27a646ab6d3630fe86ec777aa1276c02d3b98943309a0bf9",
  },
];
