/** Linux on ARM64, under QEMU. */

import { updateTests } from "./support/update_tests.ts";

await updateTests({ platform: "linux-aarch64", leftByRollback: undefined, kills: 30 });
