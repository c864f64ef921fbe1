import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { isPortTaken } from "../../src/service/port_taken.ts";

test("isPortTaken() finds who listens, also by the address that means all of them", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  for (const host of ["127.0.0.1", "0.0.0.0"]) assert(await isPortTaken({ host, port }), host);
  await new Promise((resolve) => void server.close(resolve));
  assert(!await isPortTaken({ host: "127.0.0.1", port }));
});
