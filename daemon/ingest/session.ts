import type { StreamListenerConfig } from '../../config/config.ts';
import type { ScannedBatch } from '../../format/formatter.ts';
import { wipe } from '../../format/own-bytes.ts';
import { composedReplies } from './composed-replies.ts';
import { type Findings, findingsOf, satisfiesAll, type Verdict } from './findings.ts';
import { countLevels } from './ingest-counters.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { LargeLoss } from './large-records.ts';
import { RecordAssembler } from './record-assembler.ts';
import { type Refusal, refusals } from './refusals.ts';
import type { Reply } from './replies.ts';
import { type Place, ReplyOrder } from './reply-order.ts';
import { ScanTurns } from './scan-turns.ts';
import { UnfinishedRecord } from './unfinished-record.ts';
import { type RefusalLog, UntoldRefusals } from './untold-refusals.ts';

/**
 * One sender: bytes in, one reply a record out, in order. Knows nothing of sockets, so that the simulator runs the
 * same code.
 */
export class Session {
  readonly #shared: IngestSettings;
  readonly #listener: Pick<StreamListenerConfig, 'replies' | 'headers'>;
  readonly #assembler: RecordAssembler;
  readonly #unfinished: UnfinishedRecord;
  readonly #turns: ScanTurns;
  readonly #order: ReplyOrder;
  readonly #untold: UntoldRefusals | null;
  readonly #fail: (error: unknown) => void;
  #records = 0;
  /** Of `bytesInFlight`, what is this sender's. */
  #undecidedBytes = 0;
  #state: 'serving' | 'failed' = 'serving';

  /**
   * `reply` takes the replies that are due, none when only more may be read than before; `fail` is called once when no
   * more will come, because of a defect. With `refusalLog` what is refused is recorded: the sender cannot be told.
   */
  constructor(
    shared: IngestSettings,
    listener: Pick<StreamListenerConfig, 'replies' | 'headers'>,
    refusalLog: RefusalLog | null,
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) {
    this.#shared = shared;
    this.#listener = listener;
    this.#fail = fail;
    this.#order = new ReplyOrder(reply);
    this.#untold = refusalLog === null ? null : new UntoldRefusals(shared, this.#order, refusalLog);
    this.#turns = new ScanTurns(shared, listener.headers, {
      rested: () => reply([]),
      failed: (error) => this.#failed(error),
    });
    this.#assembler = new RecordAssembler(shared.limits.maxRecordBytes, shared.large.aloneBytes, {
      records: (chunks, bytes, alone) => this.#take(chunks, bytes, alone),
      tooLarge: (id) => {
        const refusal = refusals.too_large(shared.limits.maxRecordBytes, id);
        this.#untold?.begin(refusal);
        this.#refuse(refusal);
      },
      passedOver: (part) => this.#untold?.add(part),
      passed: () => this.#untold?.end(),
    });
    this.#unfinished = new UnfinishedRecord(this.#assembler, shared.clock);
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

  get inFlightPlaces(): number {
    return this.#order.places;
  }

  /** Whether every record read has its reply. */
  get answered(): boolean {
    return this.#order.empty;
  }

  /** Whether a large record is being scanned: what comes meanwhile waits for it, and no more should come. */
  get scanning(): boolean {
    return this.#turns.busy;
  }

  /** Bytes of the record that has not ended yet. */
  get heldBytes(): number {
    return this.#assembler.heldBytes;
  }

  /** When the record that has not ended began to come, in monotonic milliseconds; `null` when there is none. */
  get unfinishedSince(): number | null {
    return this.#unfinished.since;
  }

  /** Answers the record that has not ended, and passes over the rest of it. */
  refuseUnfinished(refusal: Refusal): void {
    if (this.#assembler.heldBytes > 0) this.#untold?.begin(refusal);
    if (this.#assembler.skip()) this.#refuse(refusal);
    this.#unfinished.note();
  }

  /** Takes the chunk over and wipes it. */
  receive(chunk: Buffer): void {
    this.#shared.counters.bytes += chunk.length;
    try {
      this.#assembler.push(chunk);
      this.#unfinished.note();
    } catch (error) {
      wipe([chunk]);
      this.#failed(error);
    }
  }

  /** The sender has sent its last byte. */
  end(): void {
    try {
      this.#assembler.end();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Takes no more: the unfinished record is dropped, and what still comes; what is in flight goes on. */
  discard(): void {
    this.#assembler.discard();
  }

  /** Gives back what is counted for it. Devices may still record what was offered to them: the sender is told nothing. */
  #failed(error: unknown): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#countInFlight(-this.#undecidedBytes);
    this.#assembler.discard();
    this.#turns.forget();
    this.#order.forget();
    this.#fail(error);
  }

  #countInFlight(bytes: number): void {
    this.#undecidedBytes += bytes;
    this.#shared.counters.bytesInFlight += bytes;
  }

  #take(chunks: readonly Buffer[], bytes: number, alone: boolean): void {
    const place = this.#order.take(bytes);
    const admitted = this.#listener.replies === 'none' || !this.#shared.broker.stopping;
    this.#countInFlight(bytes);
    const scanned = (found: ScannedBatch | LargeLoss): void => this.#scanned(place, found, admitted);
    this.#turns.take({ chunks, bytes, alone, admitted, scanned });
  }

  #scanned(place: Place, found: ScannedBatch | LargeLoss, admitted: boolean): void {
    try {
      if (this.#state === 'failed') return;
      if (typeof found === 'string') {
        this.#countInFlight(-place.bytes);
        this.#untold?.lost(refusals[found](), place.bytes);
        this.#refuseAt(place, refusals[found]());
      } else if (found.records === 0) {
        this.#countInFlight(-place.bytes);
        this.#order.giveUp(place);
      } else {
        this.#submit(this.#examine(place, found), found, admitted);
      }
    } finally {
      if (typeof found !== 'string') found.release();
    }
  }

  #examine(place: Place, scanned: ScannedBatch): Findings {
    const findings = findingsOf(place, scanned, this.#listener.replies === 'devices');
    this.#untold?.scanned(findings.invalid, scanned);
    this.#count(place, scanned.records);
    countLevels(this.#shared.counters, scanned, findings.invalid.size);
    return findings;
  }

  #count(place: Place, records: number): void {
    this.#order.counted(place, records);
    this.#records += records;
    this.#shared.counters.received += records;
  }

  #submit(findings: Findings, scanned: ScannedBatch, admitted: boolean): void {
    if (scanned.kept === 0) {
      this.#decide(findings, 'nothing_kept');
      return;
    }
    const declined = this.#shared.broker.submit({
      admitted,
      records: scanned.kept,
      arrival: this.#shared.clock.now(),
      waitForAll: this.#listener.replies === 'devices',
      render: (format, maxLineBytes) => format.render(scanned, maxLineBytes),
      decided: (batch) => this.#decide(findings, batch),
    });
    if (declined !== null) this.#decide(findings, declined);
  }

  /** Of a record that is in no batch. */
  #refuse(refusal: Refusal): void {
    this.#refuseAt(this.#order.take(0), refusal);
  }

  #refuseAt(place: Place, refusal: Refusal): void {
    this.#count(place, 1);
    this.#shared.counters.refused[refusal.code]++;
    this.#order.fill(place, [{ kind: 'refused', records: 1, refusal }]);
  }

  /** The replies are certain. Called by lanes, too, which must not hear of what goes wrong here. */
  #decide(findings: Findings, verdict: Verdict): void {
    if (this.#state === 'failed') return;
    this.#countInFlight(-findings.place.bytes);
    try {
      this.#answer(findings, verdict);
    } catch (error) {
      this.#failed(error);
    }
  }

  #answer(findings: Findings, verdict: Verdict): void {
    const { place, names } = findings;
    const { counters } = this.#shared;
    if (names === null && findings.invalid.size === 0 && satisfiesAll(verdict)) {
      counters.ok += place.records;
      this.#order.fill(place, [{ kind: 'ok', records: place.records }]);
    } else {
      const refusal = satisfiesAll(verdict) ? null : this.#refusal(verdict);
      this.#order.fill(place, composedReplies(findings, verdict, refusal, counters));
    }
  }

  /** Why the records that were to be recorded are not; of a batch, those that it does not call ok. */
  #refusal(verdict: Verdict): Refusal {
    if (verdict === 'stopping' || verdict === 'no_device') return refusals[verdict]();
    return refusals.not_recorded(this.#shared.broker.explain());
  }
}
