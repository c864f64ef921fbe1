/**
 * What tests of self-updating programs need: a runtime in memory, and the contract that every runtime must pass.
 *
 * @module
 */

export {
  type ContractProgram,
  type ContractSubject,
  type Means,
  type RegisterTest,
  runtimeContract,
} from "./contract.ts";
