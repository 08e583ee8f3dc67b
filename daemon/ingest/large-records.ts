import type { Formatter, ScannedBatch } from '../../format/formatter.ts';
import { LargeRecord, type LargeReport } from '../../format/large-record.ts';
import type { LargeMessage, LargeRequest } from '../../format/large-scan.ts';
import type { LargeScanner, LargeScannerEvents } from '../../format/large-thread.ts';
import type { LineFormat } from '../../format/line-format.ts';
import { wipe } from '../../format/own-bytes.ts';
import type { Clock } from '../clock.ts';
import type { Broker } from '../delivery/broker.ts';
import { within } from '../delivery/within.ts';

/** Which records are large. */
export interface LargeBounds {
  /** What is held of a record before its end comes: less is an ordinary read, which the event loop scans whatever the devices. */
  readonly aloneBytes: number;
  /** Bytes to scan, and again to render for each device. At 4 ms to scan a MiB and 15 to render it, the event loop has 5 ms for one record. */
  readonly workBytes: number;
}

export const largeBounds: LargeBounds = { aloneBytes: 64 * 1024, workBytes: 512 * 1024 };

/** A thread that has had no record for so long ends: it keeps several times the longest record's memory. */
const idleMs = 2_000;

/** How often a record is rendered at most, when devices or policy have changed each time it was. */
const mostTries = 4;

/** Bytes a millisecond, about: a record is due when it could be done if it were alone. */
const bytesAMs = 16 * 1024;

/** Why there are no findings about a record. */
export type LargeLoss = 'thread_lost' | 'never_settled' | 'stopping';

/** One record that is too large for the event loop. */
export interface LargeRead {
  /** Taken over, and wiped. */
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  readonly headers: 'apply' | 'as_is';
  /** Read before a stop. */
  readonly admitted: boolean;
  /** Milliseconds since 1970. */
  readonly arrivalMs: number;
  /**
   * Called once. Until it returns the batch can be rendered for all devices that the broker has, by the policy in
   * force. It does not throw.
   */
  readonly scanned: (found: ScannedBatch | LargeLoss) => void;
}

interface LargeRecordsSettings {
  readonly formatter: Formatter;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly bounds: LargeBounds;
  readonly start: (events: LargeScannerEvents) => LargeScanner;
  /** Hears of a scanner that has ended by itself; not again until one has done its work. */
  readonly onDeath: (error: unknown) => void;
}

interface QueuedRead {
  readonly read: LargeRead;
  readonly due: number;
}

/** A record that is being scanned, and what it is scanned by. */
interface ReadUnderWay {
  readonly read: LargeRead;
  readonly formats: readonly LineFormat[];
  readonly policy: Uint8Array;
  readonly tries: number;
}

/**
 * Has large records scanned and rendered by another thread, one at a time, while the event loop serves everybody
 * else. Those that wait are bytes in flight of their connections, which bounds them.
 */
export class LargeRecords {
  readonly #settings: LargeRecordsSettings;
  /** In the order in which they are due. */
  readonly #queue: QueuedRead[] = [];
  #underWay: ReadUnderWay | null = null;
  #scanner: LargeScanner | null = null;
  #cancelIdle: (() => void) | null = null;
  #state: 'well' | 'dying' | 'ended' = 'well';
  #finished: (() => void)[] = [];

  constructor(settings: LargeRecordsSettings) {
    this.#settings = settings;
  }

  /** From so many bytes on a record is scanned alone. */
  get aloneBytes(): number {
    return this.#settings.bounds.aloneBytes;
  }

  /** Whether one record of so many bytes would take too much of the event loop's time. */
  isLarge(bytes: number): boolean {
    const { broker, bounds } = this.#settings;
    return bytes * (broker.lanes.length + 1) > bounds.workBytes;
  }

  scan(read: LargeRead): void {
    if (this.#state === 'ended' || !read.admitted) {
      lose(read, 'stopping');
      return;
    }
    // A small one goes before a large one that came a little earlier, and no flood of small ones holds a large one up.
    const due = this.#settings.clock.now() + read.bytes / bytesAMs;
    const place = this.#queue.findIndex((other) => other.due > due);
    this.#queue.splice(place === -1 ? this.#queue.length : place, 0, { read, due });
    this.#next();
  }

  #next(): void {
    if (this.#underWay !== null) return;
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#rest();
      return;
    }
    const { read } = next;
    this.#cancelIdle?.();
    this.#cancelIdle = null;
    this.#underWay = this.#begin(read, 1);
    this.#post({ kind: 'scan', chunks: read.chunks, request: this.#request(this.#underWay) });
  }

  #post(message: LargeMessage): void {
    try {
      this.#scanner ??= this.#settings.start({
        onReport: (report) => this.#reported(report),
        onDeath: (error) => this.#died(error),
      });
      this.#scanner.post(message);
    } catch (error) {
      this.#scanner?.end();
      this.#died(error);
    }
  }

  /** By what a record is scanned now. */
  #begin(read: LargeRead, tries: number): ReadUnderWay {
    const { formatter, broker } = this.#settings;
    return { read, formats: broker.lanes.map(({ format }) => format), policy: formatter.policy, tries };
  }

  #request({ read, policy }: ReadUnderWay): LargeRequest {
    return {
      policy,
      applyHeaders: read.headers === 'apply',
      arrivalMs: read.arrivalMs,
      recipes: this.#settings.broker.lanes.map(({ format, maxLineBytes }) => format.recipe(maxLineBytes)),
    };
  }

  #reported(report: LargeReport): void {
    const underWay = this.#underWay!;
    const { read, formats, tries } = underWay;
    this.#state = 'well';
    const settled = this.#isCurrent(underWay);
    if (!settled && tries < mostTries) {
      this.#underWay = this.#begin(read, tries + 1);
      this.#post({ kind: 'again', request: this.#request(this.#underWay) });
      return;
    }
    this.#post({ kind: 'done' });
    this.#settle(settled ? new LargeRecord(report, formats) : 'never_settled');
  }

  /** Whether what was rendered is what the devices would get now: none is new, or has another salt, and no rule is. */
  #isCurrent({ formats, policy }: ReadUnderWay): boolean {
    const { formatter, broker } = this.#settings;
    return (
      Buffer.compare(formatter.policy, policy) === 0 &&
      broker.lanes.every(({ format }) => formats.includes(format))
    );
  }

  #died(error: unknown): void {
    this.#scanner = null;
    if (this.#state === 'well') this.#settings.onDeath(error);
    this.#state = 'dying';
    if (this.#underWay !== null) this.#settle('thread_lost');
  }

  #settle(found: ScannedBatch | LargeLoss): void {
    const { read } = this.#underWay!;
    this.#underWay = null;
    read.scanned(found);
    this.#next();
  }

  #rest(): void {
    for (const resolve of this.#finished.splice(0)) resolve();
    if (this.#scanner === null) return;
    this.#cancelIdle ??= this.#settings.clock.setTimer(idleMs, () => {
      this.#cancelIdle = null;
      this.#endScanner();
    });
  }

  #endScanner(): void {
    this.#scanner?.end();
    this.#scanner = null;
  }

  /**
   * Ends the thread when no record is here any more, after `ms` at the latest: then those that are still here are lost
   * to the stop, as are those that come after it.
   */
  async end(ms: number): Promise<void> {
    if (this.#underWay !== null) {
      await within(this.#settings.clock, ms, new Promise<void>((resolve) => this.#finished.push(resolve)));
    }
    this.#state = 'ended';
    this.#cancelIdle?.();
    this.#endScanner();
    const lost = [...(this.#underWay === null ? [] : [this.#underWay]), ...this.#queue.splice(0)];
    this.#underWay = null;
    for (const { read } of lost) lose(read, 'stopping');
  }
}

function lose(read: LargeRead, loss: LargeLoss): void {
  wipe(read.chunks);
  read.scanned(loss);
}
