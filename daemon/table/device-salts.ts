import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { ListedSalt, Salts } from '../state/salts.ts';
import type { TableStore } from '../state/table-store.ts';
import type { Claims } from './claims.ts';
import { DevicesRefused } from './devices-refused.ts';

/**
 * Does what a kill has cut short: destroys the salts of devices that were disabled. Not that of one which the configuration file
 * declares by now: it may have recorded with it.
 */
export async function destroyLeaving(
  store: TableStore,
  isDeclared: (path: string) => boolean,
): Promise<void> {
  const { leaving } = store.current;
  for (const path of leaving) if (!isDeclared(path)) await store.salts.destroy(path);
  if (leaving.size > 0) await store.change((table) => ({ ...table, leaving: new Set() }));
}

export interface DeviceSaltsSettings {
  readonly salts: Salts;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The stored salts beside the devices that are there. One whose device is gone is kept: what was hashed with it can be compared
 * again once the device comes back, and a slip in the configuration must not end that.
 */
export class DeviceSalts {
  readonly #settings: DeviceSaltsSettings;
  readonly #claims: Claims;
  readonly #isThere: (path: string) => boolean;

  constructor(settings: DeviceSaltsSettings, claims: Claims, isThere: (path: string) => boolean) {
    this.#settings = settings;
    this.#claims = claims;
    this.#isThere = isThere;
  }

  async list(): Promise<readonly ListedSalt[]> {
    return this.#settings.salts.list(this.#isInUse, this.#unreadable);
  }

  /** Notes which salts have no device any more, and says so of those that are new among them. */
  async noteUnused(): Promise<void> {
    const { salts, log, clock } = this.#settings;
    const now = new Date(clock.wallTime());
    const unused = await salts.noteUnused(this.#isInUse, this.#unreadable, now);
    for (const device of unused) log.warn('salt kept of a device that is gone', { device });
  }

  /**
   * Destroys the salt of a device that is not there; `false` when there is none. Rejects with `DevicesRefused` for one
   * that is there or on its way, and with `StateRefused`.
   */
  async destroyUnused(path: string): Promise<boolean> {
    const { salts, log } = this.#settings;
    if (this.#isInUse(path)) {
      throw new DevicesRefused(`Cannot destroy the salt of device "${path}": it is in use`);
    }
    // Nobody may make the device meanwhile.
    const hold = this.#claims.holdOne({ kind: 'device', path, standing: 'removing', claims: [] });
    try {
      if (!(await salts.destroy(path))) return false;
      log.info('salt destroyed', { device: path });
      return true;
    } finally {
      hold.release();
    }
  }

  /** Writes back what is gone, at the end: the next start would otherwise make another salt. */
  async putBackMissing(): Promise<void> {
    for (const [device, fault] of await this.#settings.salts.putBackMissing()) {
      if (fault === null) this.tellPutBack(device);
      else this.#settings.log.error('salt lost while the daemon ran', { device, error: fault });
    }
  }

  tellStatePutBack(missing: readonly string[]): void {
    for (const name of missing) {
      this.#settings.log.error('state was gone while the daemon ran, and is made again', { name });
    }
  }

  tellPutBack(device: string): void {
    this.#settings.log.error('salt was gone or replaced while the daemon ran, and is written back', {
      device,
    });
  }

  /** Also those of devices on their way, which have theirs before they are there. */
  readonly #isInUse = (path: string): boolean =>
    this.#isThere(path) || this.#claims.pathsUnderWay().has(path);

  /** Whose it is cannot be told. */
  readonly #unreadable = (message: string): void => {
    this.#settings.log.warn('salt not read', { message });
  };
}
