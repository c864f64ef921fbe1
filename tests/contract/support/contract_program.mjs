// The program that the runtime contract runs; see runtimeContract(). Plain JavaScript: every runtime starts it as it is.
import { spawn } from "node:child_process";
import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import process from "node:process";

const [command, ...rest] = process.argv.slice(2);
const WAIT = 2 ** 30;

switch (command) {
  case "exit":
    process.exitCode = Number(rest[0]);
    break;
  case "args":
    writeSync(1, JSON.stringify(rest));
    break;
  case "env":
    writeSync(1, JSON.stringify(environmentAtStart()));
    break;
  case "print":
    for (let left = Number(rest[0]); left > 0; left -= 2000) {
      const half = "x".repeat(Math.min(left, 2000) / 2);
      writeSync(1, half);
      writeSync(2, half);
    }
    break;
  case "pid":
    writeSync(1, String(process.pid));
    break;
  case "hang":
    setTimeout(() => {}, WAIT);
    break;
  case "crash":
    process.kill(process.pid, "SIGKILL");
    setTimeout(() => {}, WAIT);
    break;
  case "family":
    startChild(rest[0]);
    setTimeout(() => {}, WAIT);
    break;
  case "orphan":
    startChild(rest[0]);
    process.exit(0);
}

function startChild(file) {
  const runtimeArgs = JSON.parse(process.env.CONTRACT_ARGS);
  const child = spawn(process.execPath, [...runtimeArgs, "hang"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.unref();
  writeFileSync(`${file}.part`, String(child.pid));
  renameSync(`${file}.part`, file);
}

/** Deno adds PATH and DENO_NODE_SHIM_ACTIVE to its own environment; Linux still knows what was given. */
function environmentAtStart() {
  if (process.platform === "linux") {
    const entries = readFileSync("/proc/self/environ", "utf8").split("\0").filter((entry) => entry !== "");
    return Object.fromEntries(
      entries.map((entry) => [entry.split("=", 1)[0], entry.slice(entry.indexOf("=") + 1)]),
    );
  }
  const { DENO_NODE_SHIM_ACTIVE: active, PATH: path, ...given } = process.env;
  return active === undefined ? { PATH: path, ...given } : given;
}
