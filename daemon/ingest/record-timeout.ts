import type { IngestSettings } from './ingest-settings.ts';
import type { RecordDoor } from './record-door.ts';
import { type Refusal, refusals } from './refusals.ts';

/** Half a record is not held for ever: it has `record_timeout`, but for the time in which its sender is held back. */
export class RecordTimeout {
  readonly #shared: IngestSettings;
  readonly #door: Pick<RecordDoor, 'unfinishedSince'>;
  readonly #heldBack: () => boolean;
  readonly #over: (refusal: Refusal) => void;
  #cancel: (() => void) | null = null;

  /** `over` refuses the record that has not ended in its time. */
  constructor(
    shared: IngestSettings,
    door: Pick<RecordDoor, 'unfinishedSince'>,
    heldBack: () => boolean,
    over: (refusal: Refusal) => void,
  ) {
    this.#shared = shared;
    this.#door = door;
    this.#heldBack = heldBack;
    this.#over = over;
  }

  /** To be called whenever bytes were taken. */
  watch(): void {
    if (this.#door.unfinishedSince !== null) this.#setTimer(this.#shared.limits.recordTimeoutMs);
  }

  /** One timer runs on over many records: most have long ended when it fires. */
  #setTimer(waitMs: number): void {
    this.#cancel ??= this.#shared.clock.setTimer(waitMs, () => {
      this.#cancel = null;
      this.#look();
    });
  }

  #look(): void {
    const since = this.#door.unfinishedSince;
    if (since === null) return;
    const { recordTimeoutMs } = this.#shared.limits;
    const left = since + recordTimeoutMs - this.#shared.clock.now();
    // Who is held back cannot end it: the time begins anew.
    if (this.#heldBack()) this.#setTimer(recordTimeoutMs);
    else if (left > 0) this.#setTimer(left);
    else this.#over(refusals.unfinished(recordTimeoutMs));
  }

  cancel(): void {
    this.#cancel?.();
  }
}
