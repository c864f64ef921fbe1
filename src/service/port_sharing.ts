/**
 * Two processes that listen on one port while the new version takes over from the old one.
 *
 * @module
 */

/** Which of the processes that listen on a port gets the connections that come from now on. */
export type Listener = "incumbent" | "newcomer";

/** What the system must be able to do for it. */
export interface PortSharing {
  /**
   * Decides who gets new connections on a port that this process listens on. With one listener it is always that one.
   *
   * @param port The port.
   * @param to The listener: the one that was there first, or the one that came after it.
   * @returns Whether the system does so.
   */
  readonly steer: (port: number, to: Listener) => boolean;
  /**
   * Counts the processes that listen where this one does.
   *
   * @param port The port.
   * @returns Their number, this process included.
   */
  readonly listeners: (port: number) => number;
}
