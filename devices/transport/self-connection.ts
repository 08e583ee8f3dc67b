import { DeviceFailure } from '../device.ts';

/** One end of a connection, as Node names it; a UNIX socket has none. */
export interface Endpoint {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/**
 * The failure of a socket that has been connected to itself; `null` for any other. Linux does that when nobody listens at
 * a port of this machine from which outgoing connections start (`net.ipv4.ip_local_port_range`), and the socket happens
 * to be given that very port: whatever is written then counts as sent, nobody has it, and the real peer cannot take its
 * port back.
 */
export function selfConnectionFailure(
  local: Endpoint,
  remote: Endpoint,
  action: string,
): DeviceFailure | null {
  if (local.port === undefined || local.port !== remote.port || local.address !== remote.address) return null;
  return new DeviceFailure('refused', `${action}: nobody listens there`);
}
