import path from 'node:path';
import { type AllowedAddress, allowsLookedUp } from '../../config/allowed-address.ts';
import type { FoundSocket, Peer, PeerBounds } from '../../devices/peer-bounds.ts';
import type { Claimant } from './claimant.ts';
import type { Configuration } from './configuration.ts';
import { reaches } from './own-address.ts';
import { type Place, placeOf } from './place.ts';
import { leadsToSame, nameOf } from './shared-claim.ts';

/** Where devices of the API may connect, and what this daemon listens on. */
export interface Reach extends PeerBounds {
  /** The ports that servers have at this moment, also where the system chose them. */
  listening(): readonly Claimant[];
}

async function isAmong(place: Place, allowed: readonly AllowedAddress[]): Promise<boolean> {
  for (const each of allowed) {
    if (each.kind === 'path' && (await placeOf(path.resolve(each.path))).real === place.real) return true;
  }
  return false;
}

/** By the configuration in force: a device that is there keeps to what a reload allows, from its next connection on. */
export class ConfiguredReach implements Reach {
  readonly #configuration: () => Configuration;
  readonly listening: () => readonly Claimant[];

  constructor(configuration: () => Configuration, listening: () => readonly Claimant[]) {
    this.#configuration = configuration;
    this.listening = listening;
  }

  refusal(peer: Peer, address: string): string | null {
    const { config, own } = this.#configuration();
    const { allowAddresses: allowed } = config.admin;
    if (allowed !== null && !allowsLookedUp(allowed, peer, address)) {
      return 'admin.allow_addresses does not allow where the host leads';
    }
    if (peer.kind === 'udp') return null;
    const loop = [...own, ...this.listening()].find(
      (each) =>
        each.kind === 'daemon' &&
        each.claims.some(
          (claim) => claim.kind === 'listen' && claim.port === peer.port && reaches(address, claim.host),
        ),
    );
    return loop === undefined ? null : `port ${peer.port} there is ${nameOf(loop)} of this very daemon`;
  }

  async socketAt(at: string): Promise<FoundSocket> {
    const { config, own } = this.#configuration();
    const { allowAddresses: allowed } = config.admin;
    const place = await placeOf(at);
    if (allowed !== null && !(await isAmong(place, allowed))) {
      return { refusal: 'admin.allow_addresses does not allow where the path leads' };
    }
    for (const holder of own) {
      if (holder.kind !== 'daemon') continue;
      for (const claim of holder.claims) {
        if (claim.kind === 'socket' && leadsToSame(place, await placeOf(claim.path)))
          return { refusal: `the socket there is ${nameOf(holder)} of this very daemon` };
      }
    }
    return { real: place.real };
  }
}
