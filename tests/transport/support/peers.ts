/**
 * Real servers on loopback: nginx, tinyproxy, and certificates by openssl, all below one temporary folder.
 *
 * @module
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../../support/free_port.ts";

/** A running server. */
export interface Peer {
  readonly port: number;
  /** Where it writes down every request. */
  readonly log: string;
  /** Ends it and resolves once it is gone. */
  stop(): Promise<void>;
}

/** Where a system keeps a program, also one that only root has on its path. */
export function programPath(name: string): string | undefined {
  return ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map((folder) => `${folder}/${name}`)
    .find(existsSync);
}

/** The reason for which tests with these programs cannot run here, or `false`. */
export function missing(...names: string[]): string | false {
  const absent = names.filter((name) => programPath(name) === undefined);
  return absent.length > 0 && `${absent.join(" and ")} is not installed`;
}

/**
 * Starts nginx for a folder `www` below `folder`: with ranges, with compression for who asks for it, also for who
 * does not where a file's name with `.gz` is there, `/private/` behind a token, `/busy/` closed for a minute; with TLS where a certificate is given.
 */
export async function startNginx(folder: string, tls?: Certificate): Promise<Peer> {
  const port = await freePort();
  await mkdir(join(folder, "www"), { recursive: true });
  const listen = tls
    ? `listen 127.0.0.1:${port} ssl; ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};
    ssl_protocols TLSv1.2 TLSv1.3;`
    : `listen 127.0.0.1:${port};`;
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/nginx-${name};`).join("\n");
  const config = `
daemon off; master_process off; pid ${folder}/nginx-${port}.pid; error_log ${folder}/nginx.log;
events {}
http {
  access_log ${folder}/access-${port}.log;
  ${paths}
  sendfile on; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; gzip_static always;
  server {
    ${listen}
    root ${folder}/www;
    location /private/ { if ($http_authorization != "Bearer canary-token") { return 401; } }
    location /busy/ { add_header Retry-After 60 always; return 503; }
  }
}`;
  const path = join(folder, `nginx-${port}.conf`);
  await writeFile(path, config);
  const child = spawn(programPath("nginx") ?? "", ["-c", path, "-p", folder, "-e", `${folder}/nginx.log`]);
  return { ...await started(child, port), port, log: `${folder}/access-${port}.log` };
}

/**
 * Starts tinyproxy, which lets through who knows the password; its log names every request. It asks from 127.0.0.2, so
 * that a server can tell what came through it from what did not.
 */
export async function startTinyproxy(
  folder: string,
  user: string,
  password: string,
): Promise<Peer> {
  const port = await freePort();
  const log = join(folder, `tinyproxy-${port}.log`);
  const path = join(folder, `tinyproxy-${port}.conf`);
  const config = [`Port ${port}`, "Listen 127.0.0.1", "Timeout 60", `LogFile "${log}"`, "LogLevel Connect"];
  await writeFile(
    path,
    [...config, "MaxClients 20", "Bind 127.0.0.2", `BasicAuth ${user} ${password}`, ""].join("\n"),
  );
  return { ...await started(spawn(programPath("tinyproxy") ?? "", ["-d", "-c", path]), port), port, log };
}

/** Files of a certificate for 127.0.0.1 and localhost, and of the authority that signed it. */
export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a private authority and a certificate by it, for this machine and for other names. */
export async function makeCertificate(folder: string, names: readonly string[] = []): Promise<Certificate> {
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const subject = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  openssl(
    "req",
    "-x509",
    ...subject,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=private",
  );
  openssl("req", ...subject, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
  const alternatives = ["DNS:localhost", "IP:127.0.0.1", ...names.map((name) => `DNS:${name}`)].join();
  await writeFile(path("names"), `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth\n`);
  const sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
  openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...sign);
  return { ca: path("ca.pem"), cert: path("server.pem"), key: path("server.key") };
}

async function started(child: ChildProcess, port: number): Promise<Pick<Peer, "stop">> {
  let output = "";
  const isRunning = { value: true };
  child.stderr?.on("data", (bytes: Uint8Array) => output += new TextDecoder().decode(bytes));
  const ended = new Promise<void>((resolve) =>
    child.once("exit", () => resolve(void (isRunning.value = false)))
  );
  const deadline = Date.now() + 10_000;
  while (!await answers(port)) {
    if (!isRunning.value || Date.now() > deadline) throw new Error(`The server did not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
