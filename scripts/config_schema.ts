/** Writes `docs/schemas/config.schema.json` from the table of settings. */

import { configSchema } from "../src/config/config_schema.ts";

const path = new URL("../docs/schemas/config.schema.json", import.meta.url);
await Deno.writeTextFile(path, JSON.stringify(configSchema(), null, 2) + "\n");
