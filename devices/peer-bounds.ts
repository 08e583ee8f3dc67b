/** A host and a port, as the operator wrote the host. */
export interface Peer {
  readonly kind: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
}

/** Where a UNIX socket is at a moment: its path without links, or why it may not be connected to, in words that follow a colon. */
export type FoundSocket = { readonly real: string } | { readonly refusal: string };

/**
 * Which peers a device that was enabled through the API may connect to. It is asked at each connection, with the address
 * that is connected to: a name may lead elsewhere by then.
 */
export interface PeerBounds {
  /** Why not, in words that follow a colon; `null`: it may. */
  refusal(peer: Peer, address: string): string | null;
  /** The same of a UNIX socket: what is found is to be connected to, and nothing else. */
  socketAt(path: string): Promise<FoundSocket>;
}
