import type { LimitsConfig, StreamListenerConfig } from '../../config/config.ts';
import { type Formatter, recordStatus, type ScannedBatch } from '../../format/formatter.ts';
import type { Clock } from '../clock.ts';
import type { Batch } from '../delivery/batch.ts';
import type { Broker, Declined } from '../delivery/broker.ts';
import type { IngestCounters } from './ingest-counters.ts';
import { RecordAssembler } from './record-assembler.ts';
import { type Refusal, refusals } from './refusals.ts';
import { addReply, type DeviceOutcomes, type RecordName, type Reply } from './replies.ts';
import { type Place, ReplyOrder } from './reply-order.ts';

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

/** What a scan found of records read together, kept until their replies are certain. */
interface Findings {
  readonly place: Place;
  /** Per record: goes to the devices, is invalid, or is of a path that is not audited. */
  readonly statuses: Uint8Array;
  /** What is wrong with the invalid ones, by record. */
  readonly invalid: ReadonlyMap<number, Refusal>;
  /** Per record, for listeners that name it in the reply. */
  readonly names: readonly RecordName[] | null;
}

/** What decides about the records that are to be recorded: the devices, the want of them, or that there are none. */
type Verdict = Batch | Declined | 'nothing_kept';

/**
 * One sender: bytes in, one reply a record out, in order. Knows nothing of sockets, so that the simulator runs the
 * same code.
 */
export class Session {
  readonly #shared: IngestSettings;
  readonly #listener: Pick<StreamListenerConfig, 'replies' | 'headers'>;
  readonly #assembler: RecordAssembler;
  readonly #order: ReplyOrder;
  #records = 0;

  /** `reply` takes the replies that are due; it must not throw. */
  constructor(
    shared: IngestSettings,
    listener: Pick<StreamListenerConfig, 'replies' | 'headers'>,
    reply: (replies: readonly Reply[]) => void,
  ) {
    this.#shared = shared;
    this.#listener = listener;
    this.#order = new ReplyOrder(reply);
    this.#assembler = new RecordAssembler(shared.limits.maxRecordBytes, {
      records: (chunks, bytes) => this.#take(chunks, bytes),
      tooLarge: () => this.#tooLarge(),
    });
  }

  /** Records read since the start. */
  get records(): number {
    return this.#records;
  }

  /** Raw bytes of records whose replies are not due. */
  get inFlightBytes(): number {
    return this.#order.bytes;
  }

  get inFlightRecords(): number {
    return this.#order.records;
  }

  /** Whether every record read has its reply. */
  get answered(): boolean {
    return this.#order.empty;
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

  /** Takes no more: the unfinished record is dropped, and what still comes; what is in flight goes on. */
  discard(): void {
    this.#assembler.discard();
  }

  #take(chunks: readonly Buffer[], bytes: number): void {
    const { formatter, clock, counters } = this.#shared;
    const arrival = clock.now();
    const place = this.#order.take(bytes);
    counters.bytesInFlight += bytes;
    const scanned = formatter.scan(chunks, this.#listener.headers, clock.wallTime());
    for (const chunk of chunks) chunk.fill(0);
    if (scanned.records === 0) {
      counters.bytesInFlight -= bytes;
      this.#order.giveUp(place);
    } else {
      this.#submit(this.#examine(place, scanned), scanned, arrival);
    }
    scanned.release();
  }

  #examine(place: Place, scanned: ScannedBatch): Findings {
    const { statuses, records } = scanned;
    const refused = new Map<number, Refusal>();
    for (
      let record = statuses.indexOf(invalid);
      record !== -1;
      record = statuses.indexOf(invalid, record + 1)
    ) {
      const { offset, message } = scanned.problem(record);
      refused.set(record, refusals.invalid_record(message, offset));
    }
    const names =
      this.#listener.replies === 'devices'
        ? Array.from(statuses, (status, record) =>
            status === invalid ? { id: '', type: '' } : scanned.describe(record),
          )
        : null;
    this.#count(place, records);
    this.#shared.counters.unaudited += records - scanned.kept - refused.size;
    return { place, statuses, invalid: refused, names };
  }

  #count(place: Place, records: number): void {
    this.#order.counted(place, records);
    this.#records += records;
    this.#shared.counters.received += records;
  }

  #submit(findings: Findings, scanned: ScannedBatch, arrival: number): void {
    if (scanned.kept === 0) {
      this.#decide(findings, 'nothing_kept');
      return;
    }
    const declined = this.#shared.broker.submit({
      records: scanned.kept,
      arrival,
      waitForAll: this.#listener.replies === 'devices',
      render: (format, maxLineBytes) => format.render(scanned, maxLineBytes),
      decided: (batch) => this.#decide(findings, batch),
    });
    if (declined !== null) this.#decide(findings, declined);
  }

  #tooLarge(): void {
    const { counters, limits } = this.#shared;
    const place = this.#order.take(0);
    this.#count(place, 1);
    counters.refused.too_large++;
    this.#order.fill(place, [
      { kind: 'refused', records: 1, refusal: refusals.too_large(limits.maxRecordBytes) },
    ]);
  }

  /** The replies are certain. */
  #decide(findings: Findings, verdict: Verdict): void {
    const { place, names } = findings;
    const { counters } = this.#shared;
    counters.bytesInFlight -= place.bytes;
    if (names === null && findings.invalid.size === 0 && satisfiesAll(verdict)) {
      counters.ok += place.records;
      this.#order.fill(place, [{ kind: 'ok', records: place.records }]);
    } else {
      this.#order.fill(place, this.#compose(findings, verdict));
    }
  }

  #compose({ statuses, invalid, names }: Findings, verdict: Verdict): readonly Reply[] {
    const { counters } = this.#shared;
    const refusal = satisfiesAll(verdict) ? null : this.#refusal(verdict);
    const batch = typeof verdict === 'string' ? null : verdict;
    const replies: Reply[] = [];
    let submitted = 0;
    for (const [record, status] of statuses.entries()) {
      const problem = invalid.get(record);
      if (problem !== undefined) {
        counters.refused.invalid_record++;
        addReply(replies, problem);
        continue;
      }
      const sent = status === kept;
      const refused = sent && batch?.ok(submitted) !== true ? refusal : null;
      if (refused === null) counters.ok++;
      else counters.refused[refused.code]++;
      if (names === null) {
        addReply(replies, refused);
      } else {
        const devices = sent ? outcomesOf(batch, submitted) : {};
        replies.push({ kind: 'devices', records: 1, refusal: refused, name: names[record]!, devices });
      }
      if (sent) submitted++;
    }
    return replies;
  }

  /** Why the records that were to be recorded are not; of a batch, those that it does not call ok. */
  #refusal(verdict: Verdict): Refusal {
    if (verdict === 'stopping' || verdict === 'no_device') return refusals[verdict]();
    return refusals.not_recorded(this.#shared.broker.explain());
  }
}

function satisfiesAll(verdict: Verdict): boolean {
  return typeof verdict === 'string' ? verdict === 'nothing_kept' : verdict.failures === 0;
}

function outcomesOf(batch: Batch | null, record: number): DeviceOutcomes {
  return Object.fromEntries((batch?.paths ?? []).map((path, slot) => [path, batch!.outcome(slot, record)]));
}
