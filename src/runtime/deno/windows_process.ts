/** When a Windows process started, asked of the system itself: starting PowerShell would take most of a second. */

/** https://learn.microsoft.com/windows/win32/procthread/process-security-and-access-rights */
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
/** https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-getexitcodeprocess */
const STILL_ACTIVE = 259;

/**
 * Reads a process's start as `FILETIME`, 100 ns since 1601, in decimal digits.
 *
 * @param pid The process.
 * @returns The start; `undefined` when it cannot be told: no such process, no right to ask, or Deno runs without
 * permission to call the system (`--allow-ffi`), which is never asked for.
 */
export function windowsProcessStart(pid: number): string | undefined {
  const isNumber = Number.isInteger(pid) && pid > 0 && pid < 2 ** 32;
  if (!isNumber) return undefined;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const kernel = Deno.dlopen("kernel32.dll", {
    OpenProcess: { parameters: ["u32", "i32", "u32"], result: "pointer" },
    GetExitCodeProcess: { parameters: ["pointer", "buffer"], result: "i32" },
    GetProcessTimes: { parameters: ["pointer", "buffer", "buffer", "buffer", "buffer"], result: "i32" },
    CloseHandle: { parameters: ["pointer"], result: "i32" },
  });
  const handle = kernel.symbols.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  try {
    if (handle === null) return undefined;
    const exitCode = new Uint32Array(1);
    const times = Array.from({ length: 4 }, () => new BigUint64Array(1));
    const [created, exited, inKernel, inUser] = times as [Time, Time, Time, Time];
    const answered = kernel.symbols.GetExitCodeProcess(handle, exitCode) !== 0 &&
      kernel.symbols.GetProcessTimes(handle, created, exited, inKernel, inUser) !== 0;
    return answered && exitCode[0] === STILL_ACTIVE ? String(created[0]) : undefined;
  } finally {
    if (handle !== null) kernel.symbols.CloseHandle(handle);
    kernel.close();
  }
}

type Time = BigUint64Array<ArrayBuffer>;
