import PQueue from 'p-queue';
import { type Device, DeviceFailure, type LostScope } from '../../devices/device.ts';
import { sliceLines } from '../../format/lines.ts';
import type { Clock } from '../clock.ts';
import { Backoff } from './backoff.ts';
import type { LaneQueue } from './lane-queue.ts';
import type { LaneCounters } from './lane-status.ts';
import { SentTail } from './sent-tail.ts';
import { settleWritten } from './settle-written.ts';
import { within } from './within.ts';

/** Bytes that one write takes from the queue at most: large enough to cost little a record, small enough to copy at once. */
const maxWriteBytes = 1024 * 1024;

/**
 * A write that has not ended after this time and a second per `slowestBytesPerSecond` is on a connection that will
 * not come back (a host that vanished without a word); it is given up and the records are sent on a new one. Long,
 * because giving up on a peer that only paused tears the line it had half received.
 */
const stalledWriteMs = 120_000;
const slowestBytesPerSecond = 10_000;

/** A connection that is not made after this time never will be: a peer that accepts it and then says nothing. */
const stalledOpenMs = 30_000;

/** How long a device may take over its last write before it is closed all the same. */
const closeGraceMs = 1_000;

/** What a writer tells its lane, and asks of it. */
export interface WriterEvents {
  /** Whether more may be written. */
  readonly enabled: () => boolean;
  /** A write ended, well or not. */
  readonly onWrite: (seconds: number) => void;
  readonly onFailure: (failure: DeviceFailure) => void;
  /** It has stopped writing, for now: because nothing waits, or after a failure. */
  readonly onPause: () => void;
}

export interface WriterSettings {
  /** The path the device is known by, for messages. */
  readonly path: string;
  readonly clock: Clock;
  /** What waits to be written. */
  readonly queue: LaneQueue;
  readonly counters: LaneCounters;
  readonly createDevice: (onLost: (scope: LostScope, failure: DeviceFailure) => void) => Device;
  readonly events: WriterEvents;
}

/** One write under way. */
interface Write {
  readonly since: number;
  readonly bytes: number;
  timedOut: boolean;
  givenUp: boolean;
}

/**
 * Moves what waits in a lane's queue to its device: one call at a time, again in order after a failure, and once
 * more what a broken connection may have lost.
 */
export class DeviceWriter {
  readonly #settings: WriterSettings;
  readonly #device: Device;
  readonly #tail: SentTail;
  readonly #backoff: Backoff;
  /** Orders what touches the device. Its `timeout` option starts the next task while the old one runs: never use it. */
  readonly #work = new PQueue({ concurrency: 1 });

  #abort = new AbortController();
  /** `failed`: the last attempt ended in an error; the next write is a probe of one record. */
  #connection: 'new' | 'open' | 'failed' = 'new';
  #flushing = false;
  #retryTimer: (() => void) | null = null;
  #write: Write | null = null;
  /** Monotonic milliseconds at which the opening under way began. */
  #opening: number | null = null;
  /** The connection broke during the write under way. */
  #lost: LostScope | null = null;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings.clock);
    this.#device = settings.createDevice((scope, failure) => this.#onLost(scope, failure));
    // Not bounded by the queue's limit: what is not kept here is lost, although it was answered as recorded.
    this.#tail = new SentTail(this.#device.tailBytes);
  }

  /** Whether the last attempt to open or write ended in an error. */
  get failing(): boolean {
    return this.#connection === 'failed';
  }

  /** Opens the device before the first record. Rejects with the `DeviceFailure`; it is tried again all the same. */
  async open(): Promise<void> {
    await this.#work.add(async () => {
      const failure = await this.#ready();
      if (failure !== null) throw failure;
    });
  }

  /** Starts writing if there is a reason to and nothing speaks against it. */
  pump(): void {
    const { queue, events } = this.#settings;
    if (this.#flushing || this.#retryTimer !== null || !events.enabled()) return;
    // A failed device is tried again even when nothing waits: its state should not wait for the next record.
    if (queue.empty && this.#connection !== 'failed') return;
    this.#flushing = true;
    void this.#work.add(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const { queue, events } = this.#settings;
    try {
      // Whatever else waits for the device (a reopen) goes before the next write.
      while (events.enabled() && this.#work.size === 0) {
        if ((await this.#ready()) !== null) break;
        if (queue.empty) {
          this.#connection = 'open';
          break;
        }
        if (!(await this.#writeOnce())) break;
      }
    } finally {
      this.#flushing = false;
      events.onPause();
      this.pump();
    }
  }

  /** Opens the device unless it is open; a failure has been noted when it is returned. */
  async #ready(): Promise<DeviceFailure | null> {
    if (this.#connection === 'open') return null;
    const { path, clock, counters } = this.#settings;
    this.#opening = clock.now();
    try {
      await this.#device.open(this.#abort.signal);
    } catch (error) {
      const failure =
        error instanceof DeviceFailure
          ? error
          : new DeviceFailure('io', `Cannot open device "${path}": internal error`);
      this.#fail(failure);
      return failure;
    } finally {
      this.#opening = null;
    }
    this.#backoff.opened();
    // After a failure it counts as open only once the first write went through.
    if (this.#connection === 'new') this.#connection = 'open';
    else counters.reconnects++;
    return null;
  }

  /** Writes once from what waits; returns whether the next write may follow at once. */
  async #writeOnce(): Promise<boolean> {
    const { path, clock, queue, counters, events } = this.#settings;
    const probe = this.#connection === 'failed';
    const lines = queue.peek(maxWriteBytes, probe ? 1 : Number.POSITIVE_INFINITY);
    const write: Write = { since: clock.now(), bytes: lines.bytes.length, timedOut: false, givenUp: false };
    this.#write = write;
    const { settled, refused, failure } = await this.#device.write(lines, this.#abort.signal);
    // Closed in the meantime: the queue has been emptied and everything settled.
    if (this.#write !== write) return false;
    this.#write = null;
    const now = clock.now();
    events.onWrite((now - write.since) / 1000);
    const lost = this.#lost;
    this.#lost = null;
    // What a broken connection took in this very write is in doubt, and nobody was told yet that it is recorded.
    const certain = lost === null || this.#device.tailBytes === 0 ? settled : 0;
    if (certain > 0) {
      settleWritten(queue, counters, lines, certain, refused, (entry, from, to) => {
        if (this.#device.tailBytes === 0) return;
        const whole = from === 0 && to === entry.lines.ends.length;
        this.#tail.add(whole ? entry.lines : sliceLines(entry.lines, from, to), entry.sentAt ?? now);
      });
    }
    if (lost !== null) this.#sendTailAgain(lost);
    if (failure === null && lost === null) {
      this.#connection = 'open';
      return true;
    }
    this.#fail(failure ?? new DeviceFailure('closed', `Device "${path}": the peer ended the connection`));
    return false;
  }

  #fail(failure: DeviceFailure): void {
    const { clock, counters, events } = this.#settings;
    this.#connection = 'failed';
    counters.failures[failure.reason]++;
    if (!events.enabled()) return;
    this.#retryTimer ??= clock.setTimer(this.#backoff.next(), () => {
      this.#retryTimer = null;
      this.pump();
    });
    events.onFailure(failure);
  }

  #onLost(scope: LostScope, failure: DeviceFailure): void {
    // Also while it closes: what this write took is not to be answered as recorded.
    if (this.#write !== null) {
      this.#lost = this.#lost === 'all' ? 'all' : scope;
      return;
    }
    if (!this.#settings.events.enabled()) return;
    this.#sendTailAgain(scope);
    this.#fail(failure);
  }

  #sendTailAgain(scope: LostScope): void {
    const { clock, queue, counters } = this.#settings;
    const arrival = clock.now();
    const doubtful = this.#tail.take(scope, arrival);
    for (const { lines } of doubtful) counters.resent += lines.ends.length;
    queue.putBack(
      doubtful.map(({ lines, at }) => ({
        lines,
        batch: null,
        slot: 0,
        records: null,
        arrival,
        sentAt: at,
        done: 0,
      })),
    );
  }

  /** Sees what time alone brings: a write that lasts too long (`writeTimeoutMs`, 0: never), and one that never ends. */
  check(writeTimeoutMs: number): void {
    const { clock, counters, events } = this.#settings;
    const now = clock.now();
    const write = this.#write;
    if (write !== null && events.enabled()) {
      const lasted = now - write.since;
      if (!write.timedOut && writeTimeoutMs > 0 && lasted >= writeTimeoutMs) {
        write.timedOut = true;
        counters.timeouts++;
      }
      const patience = stalledWriteMs + (write.bytes / slowestBytesPerSecond) * 1000;
      if (!write.givenUp && lasted > patience) {
        write.givenUp = true;
        this.#lost = 'all';
        this.#giveUp();
      }
    }
    if (this.#opening !== null && now - this.#opening > stalledOpenMs) {
      this.#opening = null;
      this.#giveUp();
    }
  }

  /** Ends the device's call under way; where the operating system cannot, it goes on waiting. */
  #giveUp(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Follows a rotation. Rejects with the `DeviceFailure`; the device goes on with what it has. */
  async reopen(): Promise<void> {
    await this.#work.add(async () => {
      if (this.#settings.events.enabled()) await this.#device.reopen(this.#abort.signal);
    });
    this.pump();
  }

  /** No more attempts, once the lane is no longer enabled; a write under way may end within a second. */
  async halt(): Promise<void> {
    this.#retryTimer?.();
    if (this.#write !== null) await within(this.#settings.clock, closeGraceMs, this.#work.onIdle());
    this.#write = null;
    this.#abort.abort();
  }

  async close(): Promise<void> {
    await this.#device.close();
  }
}
