import { networkInterfaces } from 'node:os';
import { type IpAddress, parseIpAddress, sameAddress } from '../../config/ip-address.ts';

/** Whether a network interface of this machine has the address. */
export function isOfInterface(address: IpAddress): boolean {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .some((each) => {
      const own = parseIpAddress(each.address);
      return own !== null && sameAddress(own, address);
    });
}
