/**
 * The project's own lint rules: the import table of the architecture, and a few house rules that no general linter has.
 * `deno lint` loads this file; the table is in `lint/layers.ts`.
 *
 * @module
 */

import { ambientRule } from "./lint/ambient_rule.ts";
import { layersRule } from "./lint/layers_rule.ts";
import { packagesRule } from "./lint/packages_rule.ts";
import { booleanParameterRule, fileLengthRule, portableSyntaxRule } from "./lint/shape_rules.ts";
import { startUpRule } from "./lint/start_up_rule.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "ambient": ambientRule,
    "boolean-parameter": booleanParameterRule,
    "file-length": fileLengthRule,
    "layers": layersRule,
    "packages": packagesRule,
    "portable-syntax": portableSyntaxRule,
    "start-up": startUpRule,
  },
};

export default plugin;
