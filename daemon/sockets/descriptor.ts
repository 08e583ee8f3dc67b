import type net from 'node:net';

/** The descriptor of a socket; less than 0 when it has none. Node gives it nowhere else. */
export function descriptorOf(socket: net.Socket | net.Server): number {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}
