/**
 * `@cco/updater/openpgp`: OpenPGP signatures asked for besides the rules of `docs/trust.md`, never instead of them.
 *
 * It loads the package `openpgp`, which nothing else of this library needs: install it beside this one.
 *
 * @module
 */

export { alsoOpenPgp, type OpenPgpOptions } from "./also_open_pgp.ts";
