/**
 * Tells whether a program is installed on this machine.
 *
 * @param name Its name.
 * @returns Whether it is on PATH, or where administrators' programs are.
 */
export function isInstalled(name: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}
