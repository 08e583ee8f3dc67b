import { EventEmitter } from 'node:events';
import type { ClientCounters } from './counters.ts';
import { type ClientState, Courier } from './courier.ts';
import { type Entry, lineOf } from './entry.ts';
import type { ClientSettings } from './options.ts';
import { PendingRecord } from './pending-record.ts';
import type { Surroundings } from './surroundings.ts';
import { type Refusal, recorded, type Verdict } from './verdict.ts';

/** Sends records to a sidecar and tells of each whether it is kept. Emits `state` with each new `ClientState`. */
export class Client extends EventEmitter<{ state: [ClientState] }> {
  readonly #settings: ClientSettings;
  readonly #surroundings: Surroundings;
  readonly #courier: Courier;
  #closing: Promise<void> | null = null;

  /** Made by `connect`. */
  constructor(settings: ClientSettings, surroundings: Surroundings) {
    super();
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#courier = new Courier(settings, surroundings, (state) => this.emit('state', state));
  }

  get state(): ClientState {
    return this.#courier.state;
  }

  /** Records whose verdicts are not known yet. */
  get pending(): number {
    return this.#courier.pending;
  }

  /** A copy, as things are now. */
  get counters(): Readonly<ClientCounters> {
    const { counters } = this.#courier;
    return { ...counters, refused: { ...counters.refused } };
  }

  /**
   * Sends the record and resolves with what became of it, within `deadlineMs`; it never rejects. Until it resolves with
   * `proceed`, the call that the record is about must not be carried out. Records reach the sidecar in the order of the
   * calls. When `signal` is aborted, the record may be kept all the same.
   */
  async record(entry: Entry, options: { readonly signal?: AbortSignal } = {}): Promise<Verdict> {
    const outcome = await this.#outcomeOf(entry, options.signal);
    if (outcome === 'recorded') return recorded;
    const { code, message } = outcome;
    return { ok: false, proceed: await this.#mayProceed({ code, message }), code, message };
  }

  /**
   * Takes no more records, waits until each one's verdict is known, which is within `deadlineMs`, and ends the
   * connection. Called again, it waits for the same end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#courier.drained().then(() => this.destroy());
    return this.#closing;
  }

  /** Ends at once: what has no reply yet is refused as `closed`. */
  destroy(): void {
    this.#closing ??= Promise.resolve();
    this.#courier.close(closed);
  }

  #outcomeOf(entry: Entry, signal: AbortSignal | undefined): Promise<'recorded' | Refusal> {
    const refusal = this.#refusalBefore(signal);
    if (refusal !== null) return Promise.resolve(this.#courier.refused(refusal));
    const line = lineOf(entry);
    if (line === null) return Promise.resolve(this.#courier.refused(noRecord));
    return new Promise((resolve) => {
      const abort = (): void => this.#courier.giveUp(record, aborted);
      const record = new PendingRecord(
        line,
        this.#surroundings.now() + this.#settings.deadlineMs,
        (outcome) => {
          signal?.removeEventListener('abort', abort);
          resolve(outcome);
        },
      );
      signal?.addEventListener('abort', abort, { once: true });
      this.#courier.take(record);
    });
  }

  /** Why a record is not even tried. */
  #refusalBefore(signal: AbortSignal | undefined): Refusal | null {
    if (this.#closing !== null) return closed;
    if (signal?.aborted === true) return aborted;
    return this.#courier.hasRoom ? null : queueFull;
  }

  async #mayProceed(refusal: Refusal): Promise<boolean> {
    const { onRefusal } = this.#settings;
    if (typeof onRefusal === 'string') return onRefusal === 'allow';
    try {
      return (await onRefusal(refusal)) === 'allow';
    } catch {
      return false;
    }
  }
}

const closed: Refusal = { code: 'closed', message: 'the client was closed' };
const aborted: Refusal = { code: 'aborted', message: 'the caller waits no longer' };
const queueFull: Refusal = { code: 'queue_full', message: 'too many records wait already' };
const noRecord: Refusal = { code: 'invalid_record', message: 'it cannot be written as one line of JSON' };
