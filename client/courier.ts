import { Backoff } from './backoff.ts';
import { type ClientCounters, zeroCounters } from './counters.ts';
import type { ClientSettings } from './options.ts';
import type { PendingRecord } from './pending-record.ts';
import { ReplyReader } from './reply-reader.ts';
import type { Surroundings, Wire } from './surroundings.ts';
import type { Refusal } from './verdict.ts';

/** `waiting`: the last attempt to connect failed, or a connection was lost; the next attempt comes. */
export type ClientState = 'connecting' | 'connected' | 'waiting' | 'closed';

/** Brings lines to a sidecar in order, over one connection after another, and tells what became of each. */
export class Courier {
  readonly counters: ClientCounters = zeroCounters();
  readonly #settings: ClientSettings;
  readonly #surroundings: Surroundings;
  readonly #onState: (state: ClientState) => void;
  readonly #backoff: Backoff;
  #state: ClientState = 'closed';
  #wire: Wire | null = null;
  #replies = new ReplyReader();
  /** Written to the present connection, in the order in which replies come. */
  #underWay: PendingRecord[] = [];
  /** Answered `stopping` on the present connection: to be sent again on the next. */
  #turnedAway: PendingRecord[] = [];
  #waiting: PendingRecord[] = [];
  /** Whether the connection takes more right now. */
  #room = false;
  /** Records whose callers wait. */
  #open = 0;
  #cancelDeadline: (() => void) | null = null;
  #cancelAttempt: (() => void) | null = null;
  /** Called once nothing waits for a reply any more. */
  #whenEmpty: (() => void) | null = null;

  constructor(settings: ClientSettings, surroundings: Surroundings, onState: (state: ClientState) => void) {
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#onState = onState;
    this.#backoff = new Backoff(() => surroundings.random());
    this.#connect();
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Records whose callers wait. */
  get pending(): number {
    return this.#open;
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return this.#waiting.length < this.#settings.queue;
  }

  take(record: PendingRecord): void {
    // While no caller waits, nobody looks whether replies have stopped.
    if (this.#open === 0) this.#endStall();
    this.#waiting.push(record);
    this.#open++;
    this.#watchDeadlines();
    this.#send();
  }

  /** Its caller waits no more: unsent, it is not sent any more. */
  giveUp(record: PendingRecord, refusal: Refusal): void {
    const at = this.#waiting.indexOf(record);
    if (at !== -1) this.#waiting.splice(at, 1);
    this.#settle(record, refusal);
  }

  /** Resolves once every caller has heard. */
  async drained(): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Ends the connection; callers who still wait are told `refusal`. */
  close(refusal: Refusal): void {
    this.#cancelAttempt?.();
    this.#cancelDeadline?.();
    this.#wire?.destroy();
    this.#wire = null;
    const left = [...this.#turnedAway, ...this.#underWay, ...this.#waiting];
    this.#turnedAway = [];
    this.#underWay = [];
    this.#waiting = [];
    this.#enter('closed');
    for (const record of left) this.#settle(record, refusal);
  }

  /** Counts a record that is not even tried. */
  refused(refusal: Refusal): Refusal {
    this.#count(refusal);
    return refusal;
  }

  #count(outcome: 'recorded' | Refusal): void {
    if (outcome === 'recorded') this.counters.ok++;
    else this.counters.refused[outcome.code] = (this.counters.refused[outcome.code] ?? 0) + 1;
  }

  #settle(record: PendingRecord, outcome: 'recorded' | Refusal): void {
    if (!record.settle(outcome)) return;
    this.#count(outcome);
    if (--this.#open > 0) return;
    // The only thing that keeps the process alive: a client with nothing to do does not.
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#whenEmpty?.();
  }

  #enter(state: ClientState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }

  #connect(): void {
    this.#enter('connecting');
    this.#replies = new ReplyReader();
    this.#wire = this.#surroundings.dial(this.#settings.path, {
      opened: () => {
        this.#room = true;
        this.counters.connections++;
        this.#enter('connected');
        this.#send();
      },
      read: (bytes) => this.#read(bytes),
      drained: () => {
        this.#room = true;
        this.#send();
      },
      gone: () => this.#lost(),
    });
  }

  /** What has no reply is sent again, before anything newer: readers of the log match records by their id. */
  #lost(): void {
    this.#wire = null;
    this.#room = false;
    const again = [...this.#turnedAway, ...this.#underWay].filter((record) => !record.isSettled);
    this.counters.sentAgain += again.length;
    this.#waiting = [...again, ...this.#waiting];
    this.#turnedAway = [];
    this.#underWay = [];
    this.#enter('waiting');
    this.#cancelAttempt = this.#surroundings.setTimer(this.#backoff.next(), false, () => {
      this.#cancelAttempt = null;
      this.#connect();
    });
  }

  #send(): void {
    const wire = this.#wire;
    // A sidecar that turns records away is about to end the connection.
    while (wire !== null && this.#room && this.#turnedAway.length === 0) {
      if (this.#underWay.length >= this.#settings.window) return;
      const record = this.#waiting.shift();
      if (record === undefined) return;
      record.writtenAt = this.#surroundings.now();
      this.#underWay.push(record);
      this.counters.sent++;
      this.#room = wire.write(record.line);
    }
  }

  #read(bytes: Buffer): void {
    const replies = this.#replies.read(bytes);
    // More replies than records, or no replies at all: whoever that is, it is no sidecar.
    if (replies === null || replies.length > this.#underWay.length) {
      this.#giveUpConnection();
      return;
    }
    if (replies.length > 0) this.#backoff.reset();
    for (const [index, record] of this.#underWay.splice(0, replies.length).entries()) {
      const reply = replies[index]!;
      if (reply !== 'recorded' && reply.code === 'stopping') this.#turnedAway.push(record);
      else this.#settle(record, reply);
    }
    if (this.#turnedAway.length > 0 && this.#underWay.length === 0) this.#giveUpConnection();
    else this.#send();
  }

  #giveUpConnection(): void {
    this.counters.connectionsGivenUp++;
    this.#wire?.destroy();
    this.#lost();
  }

  /** Callers came in the order of their deadlines, and so do all that wait here. */
  #watchDeadlines(): void {
    if (this.#cancelDeadline !== null || this.#open === 0) return;
    const first = [this.#turnedAway, this.#underWay, this.#waiting]
      .map((records) => records.find((record) => !record.isSettled))
      .find((record) => record !== undefined);
    if (first === undefined) return;
    const now = this.#surroundings.now();
    const ms = Math.max(1, Math.min(first.deadline, this.#stallsAt()) - now);
    this.#cancelDeadline = this.#surroundings.setTimer(ms, true, () => {
      this.#cancelDeadline = null;
      this.#endOverdue();
      this.#watchDeadlines();
    });
  }

  /** When the connection is given up, because the reply that is due first has not come. */
  #stallsAt(): number {
    const first = this.#underWay[0];
    return first === undefined ? Number.POSITIVE_INFINITY : first.writtenAt + this.#settings.deadlineMs;
  }

  #endOverdue(): void {
    const now = this.#surroundings.now();
    const { deadlineMs } = this.#settings;
    for (const record of this.#turnedAway) {
      if (record.deadline <= now)
        this.#settle(record, { code: 'stopping', message: 'the sidecar is stopping' });
    }
    for (const record of this.#underWay) {
      if (record.deadline > now) break;
      this.#settle(record, { code: 'unanswered', message: `no reply within ${deadlineMs} ms` });
    }
    const late = this.#waiting.findIndex((record) => record.deadline > now);
    for (const record of this.#waiting.splice(0, late === -1 ? this.#waiting.length : late)) {
      this.#settle(record, { code: 'unreachable', message: `no connection within ${deadlineMs} ms` });
    }
    this.#endStall();
  }

  #endStall(): void {
    if (this.#surroundings.now() >= this.#stallsAt()) this.#giveUpConnection();
  }
}
