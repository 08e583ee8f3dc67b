import type { ScannedBatch } from '../../format/formatter.ts';
import { type RefusedRecord, scanOwn } from '../delivery/own-records.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { type DigestedBytes, RawDigest } from './raw-digest.ts';
import type { RefusalWarning } from './refusal-warning.ts';
import type { Refusal } from './refusals.ts';
import type { ReplyOrder } from './reply-order.ts';

/** A record of so many bytes costs about as much as the line that says it was refused. */
const ampleBytes = 2_048;

/** So many shorter ones have a line each before others have paid for more; those that are read together share one then. */
const mostShort = 16;

/** What a listener says of refused records: its name, and a warning in the log. */
export interface RefusalLog {
  readonly listener: string;
  readonly warning: RefusalWarning;
}

/**
 * Records the refusals of one sender that cannot be told: else it could hide what it does behind a record that is not
 * kept. A line on the devices has the place of each record, and counts as in flight until they have it.
 */
export class UntoldRefusals {
  readonly #shared: IngestSettings;
  readonly #order: ReplyOrder;
  readonly #log: RefusalLog;
  /** How many lines may be written that have no record of ample length. */
  #credit = mostShort;
  #givenUp: { readonly refusal: Refusal; readonly digest: RawDigest } | null = null;

  constructor(shared: IngestSettings, order: ReplyOrder, log: RefusalLog) {
    this.#shared = shared;
    this.#order = order;
    this.#log = log;
  }

  /** Of records that were scanned together. */
  scanned(refused: ReadonlyMap<number, Refusal>, scanned: ScannedBatch): void {
    if (refused.size === 0) return;
    const lines: RefusedRecord[] = [];
    const sharing: number[] = [];
    let bytes = 0;
    for (const [record, refusal] of refused) {
      const length = scanned.lengthOf(record);
      bytes += length;
      this.#credit = Math.min(mostShort, this.#credit + length / ampleBytes);
      if (this.#credit < 1) {
        sharing.push(record);
        continue;
      }
      this.#credit--;
      lines.push(this.#line(refusal, { bytes: length, sha256: scanned.digestOf([record]) }, 1));
    }
    const first = sharing[0];
    if (first !== undefined) {
      const length = sharing.reduce((sum, record) => sum + scanned.lengthOf(record), sharing.length - 1);
      const digested = { bytes: length, sha256: scanned.digestOf(sharing) };
      lines.push(this.#line(refused.get(first)!, digested, sharing.length));
    }
    this.#record(lines, refused.values().next().value!, refused.size, bytes);
  }

  /** A record is refused before its end has come; `add` and `end` follow. */
  begin(refusal: Refusal): void {
    this.#givenUp = { refusal, digest: new RawDigest() };
  }

  /** Bytes of that record as they came. */
  add(bytes: Buffer): void {
    this.#givenUp?.digest.add(bytes);
  }

  /** That record has ended. */
  end(): void {
    if (this.#givenUp === null) return;
    const { refusal, digest } = this.#givenUp;
    this.#givenUp = null;
    this.#record([this.#line(refusal, digest.end(), 1)], refusal, 1, 0);
  }

  /** Of one whose bytes are gone with the thread that had them. */
  lost(refusal: Refusal, bytes: number): void {
    this.#record([this.#line(refusal, { bytes }, 1)], refusal, 1, 0);
  }

  #line(
    { code, message }: Refusal,
    digested: Pick<RefusedRecord, 'bytes'> & Partial<DigestedBytes>,
    records: number,
  ): RefusedRecord {
    const { listener } = this.#log;
    return { type: 'refused', code, message, listener, ...(records > 1 ? { records } : {}), ...digested };
  }

  /** `bytes`: what the records take while their lines are in flight. */
  #record(lines: readonly RefusedRecord[], refusal: Refusal, records: number, bytes: number): void {
    const { broker, clock, counters } = this.#shared;
    const place = this.#order.take(bytes);
    this.#order.counted(place, records);
    counters.bytesInFlight += bytes;
    const decided = (recorded: boolean): void => {
      counters.bytesInFlight -= bytes;
      this.#log.warning.note(refusal, records, recorded);
      this.#order.fill(place, []);
    };
    const scanned = scanOwn(lines, clock.wallTime());
    try {
      const declined = broker.submit({
        records: lines.length,
        arrival: clock.now(),
        waitForAll: false,
        admitted: true,
        render: (format, maxLineBytes) => format.render(scanned, maxLineBytes),
        decided: (batch) => decided(batch.failures === 0),
      });
      if (declined !== null) decided(false);
    } finally {
      scanned.release();
    }
  }
}
