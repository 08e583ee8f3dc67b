import type { LimitsConfig, StreamListenerConfig } from '../../config/config.ts';
import { type Formatter, recordStatus, type ScannedBatch } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import type { Batch } from '../delivery/batch.ts';
import type { Broker } from '../delivery/broker.ts';
import type { IngestCounters } from './ingest-counters.ts';
import { RecordAssembler } from './record-assembler.ts';
import type { RefusalCode } from './refusals.ts';
import { devicesReply, okReplies, type RecordName, refusal } from './replies.ts';

/** What every session of a daemon shares. */
export interface IngestSettings {
  readonly formatter: Formatter;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly counters: IngestCounters;
  /** A reload replaces them; the record size applies to senders that connect from then on. */
  limits: LimitsConfig;
}

const { kept, invalid } = recordStatus;

/** Records read together, from the moment they are read until their replies are written. */
interface Awaited {
  readonly records: number;
  readonly bytes: number;
  /** Per record: goes to the devices, is invalid, or is of a path that is not audited. */
  readonly statuses: Uint8Array;
  /** Reply lines of invalid records, by record. */
  readonly invalid: ReadonlyMap<number, string>;
  /** Per record, for listeners that name it in the reply. */
  readonly names: readonly RecordName[] | null;
  /** The reply lines, once certain. */
  replies: Buffer | null;
}

/**
 * One sender: bytes in, one reply a record out, in order. Knows nothing of sockets, so that the simulator runs the
 * same code.
 */
export class Session {
  readonly #shared: IngestSettings;
  readonly #listener: Pick<StreamListenerConfig, 'replies' | 'headers'>;
  readonly #write: (replies: Buffer) => void;
  readonly #assembler: RecordAssembler;
  #awaited: Awaited[] = [];
  #inFlightBytes = 0;
  #inFlightRecords = 0;

  /** `write` takes the replies that are due, or an empty buffer where the listener sends none; it must not throw. */
  constructor(
    shared: IngestSettings,
    listener: Pick<StreamListenerConfig, 'replies' | 'headers'>,
    write: (replies: Buffer) => void,
  ) {
    this.#shared = shared;
    this.#listener = listener;
    this.#write = write;
    this.#assembler = new RecordAssembler(shared.limits.maxRecordBytes, {
      records: (chunks, bytes) => this.#records(chunks, bytes),
      tooLarge: () => this.#tooLarge(),
    });
  }

  /** Raw bytes of records whose replies are not written. */
  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get inFlightRecords(): number {
    return this.#inFlightRecords;
  }

  /** Bytes of the record that has not ended yet. */
  get heldBytes(): number {
    return this.#assembler.heldBytes;
  }

  /** Takes the chunk over and wipes it. */
  receive(chunk: Buffer): void {
    this.#shared.counters.bytes += chunk.length;
    this.#assembler.push(chunk);
  }

  /** The sender has sent its last byte. */
  end(): void {
    this.#assembler.end();
  }

  /** The sender is gone: its unfinished record is dropped; what is in flight goes on to the devices. */
  discard(): void {
    this.#assembler.discard();
  }

  #records(chunks: readonly Buffer[], bytes: number): void {
    const { formatter, broker, clock } = this.#shared;
    const scanned = formatter.scan(chunks, this.#listener.headers, clock.wallTime());
    if (scanned.records === 0) {
      scanned.release();
      return;
    }
    const awaited = this.#await(scanned, bytes);
    if (scanned.kept === 0) {
      scanned.release();
      this.#decide(awaited, null, null);
      return;
    }
    const refused = broker.submit({
      records: scanned.kept,
      arrival: clock.now(),
      waitForAll: this.#listener.replies === 'devices',
      render: (format, maxLineBytes) => format.render(scanned, maxLineBytes),
      decided: (batch) => this.#decide(awaited, batch, null),
    });
    scanned.release();
    if (refused !== null) this.#decide(awaited, null, refused);
  }

  #await(scanned: ScannedBatch, bytes: number): Awaited {
    const { statuses, records } = scanned;
    const refusals = new Map<number, string>();
    for (
      let record = statuses.indexOf(invalid);
      record !== -1;
      record = statuses.indexOf(invalid, record + 1)
    ) {
      const { offset, message } = scanned.problem(record);
      refusals.set(record, refusal('invalid_record', `${message} at byte ${offset}`));
    }
    this.#shared.counters.unaudited += records - scanned.kept - refusals.size;
    const names =
      this.#listener.replies === 'devices'
        ? Array.from(statuses, (status, record) =>
            status === invalid ? { id: '', type: '' } : scanned.describe(record),
          )
        : null;
    return this.#push({ records, bytes, statuses, invalid: refusals, names, replies: null });
  }

  #push(awaited: Awaited): Awaited {
    this.#awaited.push(awaited);
    this.#inFlightBytes += awaited.bytes;
    this.#inFlightRecords += awaited.records;
    const { counters } = this.#shared;
    counters.received += awaited.records;
    counters.bytesInFlight += awaited.bytes;
    return awaited;
  }

  #tooLarge(): void {
    const limit = this.#shared.limits.maxRecordBytes;
    const line = refusal('too_large', `record is longer than max_record_bytes (${limit})`);
    this.#shared.counters.refused.too_large++;
    this.#push({
      records: 1,
      bytes: 0,
      statuses: Uint8Array.of(invalid),
      invalid: new Map([[0, line]]),
      names: null,
      replies: Buffer.from(line),
    });
    this.#flush();
  }

  /** The replies are certain: from the batch, from the code that refused all of them, or from the records alone. */
  #decide(awaited: Awaited, batch: Batch | null, refused: RefusalCode | null): void {
    const missing = refused !== null ? awaited.records : (batch?.failures ?? 0);
    if (missing === 0 && awaited.invalid.size === 0 && awaited.names === null) {
      this.#count(awaited, null);
      awaited.replies = okReplies(awaited.records);
    } else {
      awaited.replies = this.#compose(awaited, batch, refused);
    }
    this.#flush();
  }

  #compose(awaited: Awaited, batch: Batch | null, refused: RefusalCode | null): Buffer {
    const code = refused ?? 'not_recorded';
    const message = refused === null ? this.#shared.broker.explain() : refusalMessages[refused];
    const line = refusal(code, message);
    const replies: string[] = [];
    let submitted = 0;
    let missing = 0;
    for (let record = 0; record < awaited.records; record++) {
      const problem = awaited.invalid.get(record);
      if (problem !== undefined) {
        replies.push(problem);
        continue;
      }
      const sent = awaited.statuses[record] === kept;
      const ok = !sent || (refused === null && batch!.ok(submitted));
      if (!ok) missing++;
      if (awaited.names !== null) {
        const outcome = ok ? null : { code, message };
        replies.push(devicesReply(awaited.names[record]!, sent ? batch : null, submitted, outcome));
      } else {
        replies.push(ok ? okReply : line);
      }
      if (sent) submitted++;
    }
    this.#count(awaited, missing === 0 ? null : { code, missing });
    return Buffer.from(replies.join(''));
  }

  #count(awaited: Awaited, refused: { code: RefusalCode; missing: number } | null): void {
    const { counters } = this.#shared;
    counters.ok += awaited.records - awaited.invalid.size - (refused?.missing ?? 0);
    counters.refused.invalid_record += awaited.invalid.size;
    if (refused !== null) counters.refused[refused.code] += refused.missing;
  }

  /** Writes the replies that are certain, up to the first record that is not. */
  #flush(): void {
    let due = 0;
    while (due < this.#awaited.length && this.#awaited[due]!.replies !== null) due++;
    if (due === 0) return;
    const done = this.#awaited.splice(0, due);
    for (const awaited of done) {
      this.#inFlightBytes -= awaited.bytes;
      this.#inFlightRecords -= awaited.records;
      this.#shared.counters.bytesInFlight -= awaited.bytes;
    }
    if (this.#listener.replies === 'none') this.#write(Buffer.alloc(0));
    else this.#write(done.length === 1 ? done[0]!.replies! : Buffer.concat(done.map((it) => it.replies!)));
  }
}

const okReply = okReplies(1).toString();

const refusalMessages: Readonly<Record<RefusalCode, string>> = {
  invalid_record: 'not one JSON object in UTF-8',
  too_large: 'record is longer than max_record_bytes',
  not_recorded: 'no required device recorded it in time',
  no_device: 'no device is enabled',
  stopping: 'the daemon is stopping: reconnect and send it again',
};
