import type { StreamListenerConfig } from '../../config/config.ts';
import { recordStatus, type ScannedBatch } from '../../format/formatter.ts';
import { type Findings, findingsOf, outcomesOf, satisfiesAll, type Verdict } from './findings.ts';
import type { IngestSettings } from './ingest-settings.ts';
import { RecordAssembler } from './record-assembler.ts';
import { type Refusal, refusals } from './refusals.ts';
import { addReply, type Reply } from './replies.ts';
import { type Place, ReplyOrder } from './reply-order.ts';

const { kept } = recordStatus;

/**
 * One sender: bytes in, one reply a record out, in order. Knows nothing of sockets, so that the simulator runs the
 * same code.
 */
export class Session {
  readonly #shared: IngestSettings;
  readonly #listener: Pick<StreamListenerConfig, 'replies' | 'headers'>;
  readonly #assembler: RecordAssembler;
  readonly #order: ReplyOrder;
  readonly #fail: (error: unknown) => void;
  #records = 0;
  #unfinished: { readonly begun: number; readonly since: number } | null = null;
  /** Of `bytesInFlight`, what is this sender's. */
  #undecidedBytes = 0;
  #state: 'serving' | 'failed' = 'serving';

  /** `reply` takes the replies that are due; `fail` is called once when no more will come, because of a defect. */
  constructor(
    shared: IngestSettings,
    listener: Pick<StreamListenerConfig, 'replies' | 'headers'>,
    reply: (replies: readonly Reply[]) => void,
    fail: (error: unknown) => void,
  ) {
    this.#shared = shared;
    this.#listener = listener;
    this.#fail = fail;
    this.#order = new ReplyOrder(reply);
    this.#assembler = new RecordAssembler(shared.limits.maxRecordBytes, {
      records: (chunks, bytes) => this.#take(chunks, bytes),
      tooLarge: () => this.#refuse(refusals.too_large(shared.limits.maxRecordBytes)),
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

  get inFlightPlaces(): number {
    return this.#order.places;
  }

  /** Whether every record read has its reply. */
  get answered(): boolean {
    return this.#order.empty;
  }

  /** Bytes of the record that has not ended yet. */
  get heldBytes(): number {
    return this.#assembler.heldBytes;
  }

  /** When the record that has not ended began to come, in monotonic milliseconds; `null` when there is none. */
  get unfinishedSince(): number | null {
    return this.#unfinished?.since ?? null;
  }

  /** Answers the record that has not ended, and passes over the rest of it. */
  refuseUnfinished(refusal: Refusal): void {
    if (this.#assembler.skip()) this.#refuse(refusal);
    this.#noteUnfinished();
  }

  #noteUnfinished(): void {
    const { heldBytes, begun } = this.#assembler;
    if (heldBytes === 0) this.#unfinished = null;
    else if (this.#unfinished?.begun !== begun) this.#unfinished = { begun, since: this.#shared.clock.now() };
  }

  /** Takes the chunk over and wipes it. */
  receive(chunk: Buffer): void {
    this.#shared.counters.bytes += chunk.length;
    try {
      this.#assembler.push(chunk);
      this.#noteUnfinished();
    } catch (error) {
      chunk.fill(0);
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
    this.#order.forget();
    this.#fail(error);
  }

  #countInFlight(bytes: number): void {
    this.#undecidedBytes += bytes;
    this.#shared.counters.bytesInFlight += bytes;
  }

  #take(chunks: readonly Buffer[], bytes: number): void {
    const arrival = this.#shared.clock.now();
    const place = this.#order.take(bytes);
    this.#countInFlight(bytes);
    const scanned = this.#scan(chunks);
    try {
      if (scanned.records === 0) {
        this.#countInFlight(-bytes);
        this.#order.giveUp(place);
      } else {
        this.#submit(this.#examine(place, scanned), scanned, arrival);
      }
    } finally {
      scanned.release();
    }
  }

  #scan(chunks: readonly Buffer[]): ScannedBatch {
    const { formatter, clock } = this.#shared;
    try {
      return formatter.scan(chunks, this.#listener.headers, clock.wallTime());
    } finally {
      for (const chunk of chunks) chunk.fill(0);
    }
  }

  #examine(place: Place, scanned: ScannedBatch): Findings {
    const { records } = scanned;
    const findings = findingsOf(place, scanned, this.#listener.replies === 'devices');
    this.#count(place, records);
    this.#shared.counters.unaudited += records - scanned.kept - findings.invalid.size;
    return findings;
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
      silent: this.#listener.replies === 'none',
      render: (format, maxLineBytes) => format.render(scanned, maxLineBytes),
      decided: (batch) => this.#decide(findings, batch),
    });
    if (declined !== null) this.#decide(findings, declined);
  }

  /** Of a record that is in no batch. */
  #refuse(refusal: Refusal): void {
    const place = this.#order.take(0);
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
