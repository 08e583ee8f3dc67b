import { allowsLookedUp } from '../../config/allowed-address.ts';
import type { Peer, PeerBounds } from '../../devices/peer-bounds.ts';
import type { Claimant } from './claimant.ts';
import type { Configuration } from './configuration.ts';
import { reaches } from './own-address.ts';
import { nameOf } from './shared-claim.ts';

/** Where devices of the API may connect, and what this daemon listens on. */
export interface Reach extends PeerBounds {
  /** The ports that servers have at this moment, also where the system chose them. */
  listening(): readonly Claimant[];
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
    if (allowed !== null && !allowsLookedUp(allowed, peer.host, address, peer.port)) {
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
}
