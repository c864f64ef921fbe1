/**
 * The service as an agent of launchd, on macOS.
 *
 * @module
 */

import { type ServiceProgram, xmlText } from "./service_program.ts";

/** The agent's label, and its file's name without `.plist`. */
export const LABEL = "cco.service";

/**
 * Writes the agent's property list (launchd.plist(5)). It is started again when it fails, not when it was stopped.
 *
 * @param program The service; its texts hold no control characters.
 * @returns The property list, as XML.
 */
export function launchdAgent({ executable, args, env }: ServiceProgram): string {
  const words = [executable, ...args].map((word) => `    <string>${xmlText(word)}</string>`);
  // launchd follows the process that it started and no other: the service has to know that it may not hand over.
  const variables = Object.entries({ ...env, CCO_SUPERVISOR: "launchd" }).flatMap(([name, value]) => [
    `    <key>${xmlText(name)}</key>`,
    `    <string>${xmlText(value)}</string>`,
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    "<dict>",
    "  <key>Label</key>",
    `  <string>${LABEL}</string>`,
    "  <key>ProgramArguments</key>",
    "  <array>",
    ...words,
    "  </array>",
    "  <key>EnvironmentVariables</key>",
    "  <dict>",
    ...variables,
    "  </dict>",
    "  <key>RunAtLoad</key>",
    "  <true/>",
    "  <key>KeepAlive</key>",
    "  <dict>",
    "    <key>SuccessfulExit</key>",
    "    <false/>",
    "  </dict>",
    "  <key>ThrottleInterval</key>",
    "  <integer>10</integer>",
    // A replacement that has begun is finished first.
    "  <key>ExitTimeOut</key>",
    "  <integer>90</integer>",
    "  <key>Umask</key>",
    "  <integer>63</integer>",
    "  <key>ProcessType</key>",
    "  <string>Background</string>",
    "</dict>",
    "</plist>",
    "",
  ].join("\n");
}
