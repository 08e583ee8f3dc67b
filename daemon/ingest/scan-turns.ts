import type { ScannedBatch } from '../../format/formatter.ts';
import { wipe } from '../../format/own-bytes.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { LargeLoss } from './large-records.ts';

/** Records read together. */
export interface ReadRecords {
  /** Taken over, and wiped. */
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** One record, of any length; otherwise many that are small. */
  readonly alone: boolean;
  /** Read before a stop. */
  readonly admitted: boolean;
  /** Takes what was found, and releases it. */
  readonly scanned: (found: ScannedBatch | LargeLoss) => void;
}

export interface ScanEvents {
  /** It is not busy any more. */
  readonly rested: () => void;
  /** What `scanned` has thrown, when it was called later. */
  readonly failed: (error: unknown) => void;
}

interface WaitingRecords extends ReadRecords {
  /** Milliseconds since 1970. */
  readonly arrivalMs: number;
}

/**
 * Has one connection's records scanned in their order: here and at once, or elsewhere what would take too much of the
 * event loop's time. What comes behind that waits for it, so that no device gets a later record before it.
 */
export class ScanTurns {
  readonly #shared: IngestSettings;
  readonly #headers: 'apply' | 'as_is';
  readonly #events: ScanEvents;
  readonly #waiting: WaitingRecords[] = [];
  #away = false;

  constructor(shared: IngestSettings, headers: 'apply' | 'as_is', events: ScanEvents) {
    this.#shared = shared;
    this.#headers = headers;
    this.#events = events;
  }

  /** Whether a record is being scanned elsewhere, or one waits for that. */
  get busy(): boolean {
    return this.#away || this.#waiting.length > 0;
  }

  take(read: ReadRecords): void {
    const waiting = { ...read, arrivalMs: this.#shared.clock.wallTime() };
    if (this.#away) this.#waiting.push(waiting);
    else this.#scan(waiting);
  }

  #scan(read: WaitingRecords): void {
    const { formatter, large } = this.#shared;
    const { chunks, bytes, alone, admitted, arrivalMs } = read;
    if (alone && large.isLarge(bytes)) {
      this.#away = true;
      const scanned = (found: ScannedBatch | LargeLoss): void => this.#returned(read, found);
      large.scan({ chunks, bytes, headers: this.#headers, admitted, arrivalMs, scanned });
      return;
    }
    let found: ScannedBatch;
    try {
      found = formatter.scan(chunks, this.#headers, arrivalMs);
    } finally {
      wipe(chunks);
    }
    read.scanned(found);
  }

  #returned(read: WaitingRecords, found: ScannedBatch | LargeLoss): void {
    this.#away = false;
    try {
      read.scanned(found);
      while (!this.#away && this.#waiting.length > 0) this.#scan(this.#waiting.shift()!);
      if (!this.busy) this.#events.rested();
    } catch (error) {
      this.#events.failed(error);
    }
  }

  /** What waits is nobody's. */
  forget(): void {
    for (const { chunks } of this.#waiting.splice(0)) wipe(chunks);
  }
}
