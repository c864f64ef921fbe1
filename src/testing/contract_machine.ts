/** The contract of the rest of `Runtime`: facts, clock, random source, HTTP. */

import { equal, match, ok, rejects } from "node:assert/strict";
import type { ContractSubject, RegisterTest } from "./contract.ts";

/**
 * Registers the tests of the machine.
 *
 * @param test Registers one test.
 * @param subject The adapter and its surroundings.
 */
export function machineContract(test: RegisterTest, subject: ContractSubject): void {
  const { runtime, origin } = subject;

  test("the facts of the machine are well-formed", async () => {
    match(runtime.name, /^[a-z]+ \d+\.\d+/);
    match(runtime.os, /^[a-z]+$/);
    match(runtime.arch, /^[a-z0-9_]+$/);
    ok(runtime.arch !== "x64" && runtime.arch !== "arm64" && runtime.os !== "win32");
    equal(runtime.libc !== undefined, runtime.os === "linux");
    const absolute = runtime.os === "windows" ? /^(?:[A-Za-z]:|\\)\\/ : /^\//;
    match(runtime.execPath, absolute);
    match(runtime.stateHome, absolute);
    ok(Number.isSafeInteger(runtime.pid) && runtime.pid > 0);
    equal(runtime.uid === undefined, runtime.os === "windows");
    const version = await runtime.osVersion();
    ok(version === undefined || /^\d/.test(version), `version ${version}`);
  });

  test("random() returns as many bytes as asked for, and others each time", () => {
    for (const length of [0, 1, 16, 65_536, 70_001]) equal(runtime.random(length).length, length);
    const names = new Set(Array.from({ length: 1000 }, () => runtime.random(16).join()));
    equal(names.size, 1000);
    const large = runtime.random(70_001);
    ok(large.subarray(65_536).some((byte) => byte !== 0), "the end is as random as the beginning");
    return Promise.resolve();
  });

  test("wait() takes at least as long as it is told", async () => {
    const before = runtime.now();
    const waiting = runtime.wait(20);
    await subject.elapse?.(20);
    await waiting;
    // A timer may fire up to a millisecond early by the wall clock.
    ok(runtime.now() - before >= 19, `waited ${runtime.now() - before} ms`);
    await Promise.all([runtime.wait(0), runtime.wait(-5), subject.elapse?.(1)]);
  });

  test("wait() longer than a timer can be does not end at once", async () => {
    const controller = new AbortController();
    const waiting = runtime.wait(2 ** 31 + 5, controller.signal);
    const short = runtime.wait(30);
    await subject.elapse?.(30);
    equal(await Promise.race([waiting.then(() => "long"), short.then(() => "short")]), "short");
    controller.abort(new Error("over"));
    await rejects(waiting, /over/);
  });

  test("wait() rejects with the signal's reason, before and during", async () => {
    const controller = new AbortController();
    const waiting = runtime.wait(60_000, controller.signal);
    const reason = { any: "value" };
    controller.abort(reason);
    await rejects(waiting, (error) => error === reason);
    await rejects(runtime.wait(0, controller.signal), (error) => error === reason);
  });

  test("wait() leaves no listener on a signal", async () => {
    const signal = new CountingSignal();
    const waiting = runtime.wait(1, signal);
    await subject.elapse?.(1);
    await waiting;
    equal(signal.listeners, 0);
  });

  test("fetch() hands a redirect over instead of following it", async () => {
    const response = await runtime.fetch(`${origin}/redirect`, { redirect: "manual" });
    await response.body?.cancel();
    equal(response.status, 302);
    equal(response.headers.get("location"), "/target");
  });

  test("fetch() ends when aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const answer = runtime.fetch(`${origin}/hang`, { redirect: "manual", signal: controller.signal });
    controller.abort(reason);
    await rejects(answer, (error) => error === reason);
  });
}

/** An `AbortSignal` that counts who listens. */
class CountingSignal extends EventTarget implements AbortSignal {
  readonly aborted = false;
  readonly reason = undefined;
  onabort = null;
  listeners = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.listeners++;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.listeners--;
    super.removeEventListener(...args);
  }

  throwIfAborted(): void {}
}
