import type { Clock } from '../clock.ts';
import type { DropReason, LaneStatus } from '../delivery/lane-status.ts';
import type { Log } from '../log/log.ts';
import { Spells } from './spells.ts';

/** What a device drops while it runs; what its end drops is told then. */
const watched = ['queue_full', 'too_large'] as const satisfies readonly DropReason[];

/** What one device drops for one reason. */
class Drops {
  readonly reason: (typeof watched)[number];
  device: LaneStatus;
  seen = 0;

  constructor(device: LaneStatus, reason: (typeof watched)[number]) {
    this.device = device;
    this.reason = reason;
  }
}

/** Says when a device begins to drop records and, with their number, when it has stopped. */
export class DropWatch {
  readonly #log: Log;
  readonly #spells: Spells<Drops>;
  readonly #drops = new Map<string, Drops>();

  constructor(clock: Clock, log: Log) {
    this.#log = log;
    this.#spells = new Spells(
      clock,
      (drops, records) => {
        const { device, reason } = drops;
        // Of a record nothing but its id is told, and of many records that of one.
        const id = reason === 'too_large' ? device.tooLargeId : null;
        this.#log.warn('records dropped', {
          ...fieldsOf(drops),
          records,
          ...(id !== null && id !== '' && { id }),
        });
      },
      (drops, records, seconds) =>
        this.#log.warn('records no longer dropped', { ...fieldsOf(drops), records, seconds }),
    );
  }

  look(lanes: readonly LaneStatus[]): void {
    const there = new Set<string>();
    for (const lane of lanes) {
      for (const reason of watched) {
        const key = `${lane.path} ${reason}`;
        there.add(key);
        const drops = this.#drops.get(key) ?? new Drops(lane, reason);
        this.#drops.set(key, drops);
        const total = lane.counters.dropped[reason];
        // Another device may have taken its path, with counters of its own.
        const more = total < drops.seen ? total : total - drops.seen;
        drops.device = lane;
        drops.seen = total;
        this.#spells.came(drops, more);
      }
    }
    this.#spells.look();
    for (const [key, drops] of this.#drops) {
      if (there.has(key)) continue;
      this.#drops.delete(key);
      this.#spells.end(drops);
    }
  }

  /** Ends what is not over. */
  stop(lanes: readonly LaneStatus[]): void {
    this.look(lanes);
    this.#spells.endAll();
  }
}

function fieldsOf({ device, reason }: Drops): { device: string; type: string; reason: DropReason } {
  return { device: device.path, type: device.type, reason };
}
