import { nodeRuntime } from "../../src/runtime/node.ts";
import { testOnThisMachine } from "./support/system_subject.ts";

// Node's adapter on Deno's implementation of the node: modules; on Node and Bun it is the system's runtime already.
if ("Deno" in globalThis) await testOnThisMachine(nodeRuntime(), "Node's adapter in Deno");
