/** What the operating system can run by itself. */

/** ELF, Mach-O (64 bit both ways round, 32 bit, universal), a script with its interpreter. */
const BEGINNINGS = [
  [0x7f, 0x45, 0x4c, 0x46],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xfe, 0xed, 0xfa, 0xcf],
  [0xce, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  [0x23, 0x21],
];

/** Portable Executable. Batch files and the like would be handed to `cmd.exe`, which is a shell. */
const WINDOWS_BEGINNINGS = [[0x4d, 0x5a]];

/** How many bytes {@link isProgram} looks at. */
export const PROGRAM_HEAD_BYTES = 4;

/**
 * Tells whether a file that begins like this is started by the operating system itself.
 *
 * The C library's `execvp`, which Node, Bun and Deno use, hands any other file to `/bin/sh`, which would then try to
 * carry out a damaged executable as if it were commands (T27).
 *
 * @param head The file's first {@link PROGRAM_HEAD_BYTES} bytes.
 * @param os Whose programs count.
 * @returns Whether it is an executable or, on POSIX, a script that names its interpreter.
 */
export function isProgram(head: Uint8Array, os: "posix" | "windows"): boolean {
  return (os === "windows" ? WINDOWS_BEGINNINGS : BEGINNINGS).some((beginning) =>
    beginning.every((byte, index) => head[index] === byte)
  );
}
