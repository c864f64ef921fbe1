import { systemRuntime } from "../../src/runtime/default.ts";
import { testOnThisMachine } from "./support/system_subject.ts";

const runtime = systemRuntime();
await testOnThisMachine(runtime, runtime.name);
