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
export type { Fault, FaultKind } from "./fault.ts";
export { etagOf } from "./fault_answer.ts";
export {
  type FaultServer,
  type FaultServerOptions,
  type FaultTimes,
  type RecordedRequest,
  startFaultServer,
} from "./fault_server.ts";
export {
  type DiskRules,
  type MemoryBehaviour,
  type MemoryCall,
  type MemoryClock,
  type MemoryDevice,
  MemoryDisk,
  type MemoryHook,
  MemoryMachine,
  type MemoryMachineOptions,
  type MemoryOperation,
  type MemoryOperations,
  type MemoryPause,
  type MemoryProcessOptions,
  memoryProgram,
  type MemoryPrograms,
  type MemoryRuntime,
  memoryRuntime,
  type PowerCut,
} from "../runtime/memory.ts";
export type { FileErrorKind } from "../errors.ts";
export type {
  Fetch,
  FileInfo,
  FileSystem,
  OpenFile,
  OpenMode,
  OperatingSystem,
  RunOptions,
  RunResult,
  Runtime,
} from "../runtime/types.ts";
