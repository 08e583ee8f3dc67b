import PQueue from 'p-queue';
import { type Device, DeviceFailure, type LostScope } from '../../devices/device.ts';
import type { LaneOptions } from '../../devices/device-kind.ts';
import type { LineFormat } from '../../format/formatter.ts';
import { type Lines, lineStart, sliceLines } from '../../format/lines.ts';
import type { Clock } from '../clock.ts';
import type { DropReason, LaneCounters, LaneState, LaneStatus } from '../lane-status.ts';
import { Backoff } from './backoff.ts';
import type { Batch } from './batch.ts';
import { zeroLaneCounters } from './lane-counters.ts';
import { LaneHealth } from './lane-health.ts';
import { LaneQueue, settleEntry } from './lane-queue.ts';
import { withoutOversize } from './oversize.ts';
import { SentTail } from './sent-tail.ts';

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

/** What a lane tells the outside; called synchronously, so it must return soon. */
export interface LaneEvents {
  readonly onState: (lane: Lane, from: LaneState, to: LaneState) => void;
  /** A write ended, well or not. */
  readonly onWrite: (lane: Lane, seconds: number) => void;
}

export interface LaneSettings {
  /** The path the device is known by, with its trailing slash. */
  readonly path: string;
  readonly type: string;
  readonly options: LaneOptions;
  readonly format: LineFormat;
  readonly clock: Clock;
  readonly events: LaneEvents;
  readonly createDevice: (onLost: (scope: LostScope, failure: DeviceFailure) => void) => Device;
}

/** One write under way. */
interface Write {
  readonly since: number;
  readonly bytes: number;
  timedOut: boolean;
  givenUp: boolean;
}

/**
 * All that stands between the broker and one device: a bounded queue, one write in flight, deadlines, retries in
 * order, and the state that the watchdog and the metrics read. A lane never makes another one wait: `enqueue` only
 * appends and returns.
 */
export class Lane {
  readonly path: string;
  readonly type: string;
  readonly format: LineFormat;
  readonly #options: LaneOptions;
  readonly #clock: Clock;
  readonly #events: LaneEvents;
  readonly #device: Device;
  readonly #queue = new LaneQueue();
  readonly #tail: SentTail;
  readonly #backoff: Backoff;
  readonly #health: LaneHealth;
  readonly #counters: LaneCounters = zeroLaneCounters();
  /** Orders what touches the device. Its `timeout` option starts the next task while the old one runs: never use it. */
  readonly #work = new PQueue({ concurrency: 1 });

  #abort = new AbortController();
  /** `failed`: the last attempt ended in an error; the next write is a probe of one record. */
  #connection: 'new' | 'open' | 'failed' = 'new';
  #flushing = false;
  #retryTimer: (() => void) | null = null;
  #deadlineTimer: (() => void) | null = null;
  #write: Write | null = null;
  /** Monotonic milliseconds at which the opening under way began. */
  #opening: number | null = null;
  /** The connection broke during the write under way. */
  #lost: LostScope | null = null;
  #drained: (() => void)[] = [];

  constructor(settings: LaneSettings) {
    this.path = settings.path;
    this.type = settings.type;
    this.format = settings.format;
    this.#options = settings.options;
    this.#clock = settings.clock;
    this.#events = settings.events;
    this.#backoff = new Backoff(settings.clock);
    this.#health = new LaneHealth(settings.clock, (from, to) => settings.events.onState(this, from, to));
    this.#device = settings.createDevice((scope, failure) => this.#onLost(scope, failure));
    // Not bounded by the queue's limit: what is not kept here is lost, although it was answered as recorded.
    this.#tail = new SentTail(this.#device.tailBytes);
  }

  get state(): LaneState {
    return this.#health.state;
  }

  /** Longest line this lane can hold; a longer one is `too_large` here. */
  get maxLineBytes(): number {
    return this.#options.queueBytes;
  }

  /** Whether it writes and its queue is less than half full. */
  get hasRoom(): boolean {
    const works = this.state === 'ok' || this.state === 'slow';
    return works && this.#queue.bytes * 2 < this.#options.queueBytes;
  }

  /** Opens the device before the first record. Rejects with the `DeviceFailure`; the lane tries again all the same. */
  async open(): Promise<void> {
    await this.#work.add(async () => {
      const failure = await this.#ready();
      if (failure !== null) throw failure;
    });
  }

  /** Takes a batch's lines to write; `slot` is the lane's place in the batch. Never waits, never throws. */
  enqueue(batch: Batch, slot: number, rendered: Lines): void {
    if (this.state === 'disabled') {
      this.#drop(batch, slot, 'disabled', batch.count);
      return;
    }
    const { lines, records, oversize } = withoutOversize(rendered);
    for (const record of oversize) batch.settle(slot, record, record + 1, 'too_large');
    this.#counters.dropped.too_large += oversize.length;
    if (lines.ends.length === 0) return;
    // An empty queue takes any batch: each of its lines fits, and a bound that nothing fits in would drop all.
    if (!this.#queue.empty && this.#queue.bytes + LaneQueue.cost(lines) > this.#options.queueBytes) {
      this.#drop(batch, slot, 'queue_full', lines.ends.length);
      return;
    }
    this.#queue.push({ lines, batch, slot, records, arrival: batch.arrival, done: 0 });
    this.#armDeadline();
    this.#pump();
  }

  #drop(batch: Batch, slot: number, reason: DropReason, records: number): void {
    this.#counters.dropped[reason] += records;
    batch.settle(slot, 0, batch.count, reason);
  }

  /** Starts writing if there is a reason to and nothing speaks against it. */
  #pump(): void {
    if (this.#flushing || this.#retryTimer !== null || this.state === 'disabled') return;
    // A failed device is tried again even when nothing waits: its state should not wait for the next record.
    if (this.#queue.empty && this.#connection !== 'failed') return;
    this.#flushing = true;
    void this.#work.add(() => this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      // Whatever else waits for the device (a reopen) goes before the next write.
      while (this.state !== 'disabled' && this.#work.size === 0) {
        if ((await this.#ready()) !== null) break;
        if (this.#queue.empty) {
          this.#connection = 'open';
          break;
        }
        if (!(await this.#writeOnce())) break;
      }
    } finally {
      this.#flushing = false;
      this.#observe();
      this.#tellDrained();
      this.#pump();
    }
  }

  /** Opens the device unless it is open; a failure has been noted when it is returned. */
  async #ready(): Promise<DeviceFailure | null> {
    if (this.#connection === 'open') return null;
    this.#opening = this.#clock.now();
    try {
      await this.#device.open(this.#abort.signal);
    } catch (error) {
      const failure =
        error instanceof DeviceFailure
          ? error
          : new DeviceFailure('io', `Cannot open device "${this.path}": internal error`);
      this.#fail(failure);
      return failure;
    } finally {
      this.#opening = null;
    }
    this.#backoff.opened();
    // After a failure it counts as open only once the first write went through.
    if (this.#connection === 'new') this.#connection = 'open';
    else this.#counters.reconnects++;
    return null;
  }

  /** Writes once from what waits; returns whether the next write may follow at once. */
  async #writeOnce(): Promise<boolean> {
    const probe = this.#connection === 'failed';
    const lines = this.#queue.peek(maxWriteBytes, probe ? 1 : Number.POSITIVE_INFINITY);
    const write: Write = {
      since: this.#clock.now(),
      bytes: lines.bytes.length,
      timedOut: false,
      givenUp: false,
    };
    this.#write = write;
    const { settled, refused, failure } = await this.#device.write(lines, this.#abort.signal);
    // Closed in the meantime: the queue has been emptied and everything settled.
    if (this.#write !== write) return false;
    this.#write = null;
    const now = this.#clock.now();
    this.#events.onWrite(this, (now - write.since) / 1000);
    const lost = this.#lost;
    this.#lost = null;
    // What a broken connection took in this very write is in doubt, and nobody was told yet that it is recorded.
    const certain = lost === null || this.#device.tailBytes === 0 ? settled : 0;
    if (certain > 0) this.#settle(lines, certain, refused, now);
    if (lost !== null) this.#sendTailAgain(lost);
    if (failure === null && lost === null) {
      this.#connection = 'open';
      return true;
    }
    this.#fail(
      failure ?? new DeviceFailure('closed', `Device "${this.path}": the peer ended the connection`),
    );
    return false;
  }

  #settle(lines: Lines, settled: number, refused: readonly number[], now: number): void {
    let line = 0;
    let next = 0;
    let recorded = 0;
    let tooLarge = 0;
    let bytes = lines.ends[settled - 1]!;
    this.#queue.settle(settled, (entry, from, to) => {
      let start = from;
      const firstRefused = next;
      for (; next < refused.length && refused[next]! < line + to - from; next++) {
        const at = from + refused[next]! - line;
        settleEntry(entry, start, at, 'recorded');
        settleEntry(entry, at, at + 1, 'too_large');
        bytes -= lines.ends[refused[next]!]! - lineStart(lines, refused[next]!);
        start = at + 1;
      }
      settleEntry(entry, start, to, 'recorded');
      line += to - from;
      // Lines that are sent again were counted when they were recorded first.
      if (entry.batch === null) return;
      tooLarge += next - firstRefused;
      recorded += to - from - (next - firstRefused);
    });
    this.#counters.recorded += recorded;
    this.#counters.dropped.too_large += tooLarge;
    this.#counters.bytes += bytes;
    this.#tail.add(settled === lines.ends.length ? lines : sliceLines(lines, 0, settled), now);
  }

  #fail(failure: DeviceFailure): void {
    this.#connection = 'failed';
    this.#counters.failures[failure.reason]++;
    if (this.state === 'disabled') return;
    this.#health.failed(failure);
    this.#retryTimer ??= this.#clock.setTimer(this.#backoff.next(), () => {
      this.#retryTimer = null;
      this.#pump();
    });
    this.#observe();
  }

  #onLost(scope: LostScope, failure: DeviceFailure): void {
    // Also while it closes: what this write took is not to be answered as recorded.
    if (this.#write !== null) {
      this.#lost = this.#lost === 'all' ? 'all' : scope;
      return;
    }
    if (this.state === 'disabled') return;
    this.#sendTailAgain(scope);
    this.#fail(failure);
  }

  #sendTailAgain(scope: LostScope): void {
    const arrival = this.#clock.now();
    const doubtful = this.#tail.take(scope, arrival);
    for (const lines of doubtful) this.#counters.resent += lines.ends.length;
    this.#queue.putBack(
      doubtful.map((lines) => ({ lines, batch: null, slot: 0, records: null, arrival, done: 0 })),
    );
  }

  /** One timer, for the oldest record that can still be in time: its successors cannot expire before it. */
  #armDeadline(): void {
    if (this.#deadlineTimer !== null || this.#options.writeTimeoutMs === 0) return;
    const oldest = this.#queue.oldestPunctual;
    if (oldest === undefined) return;
    const left = oldest.arrival + this.#options.writeTimeoutMs - this.#clock.now();
    this.#deadlineTimer = this.#clock.setTimer(Math.max(0, left), () => {
      this.#deadlineTimer = null;
      this.#expire();
      this.#armDeadline();
    });
  }

  #expire(): void {
    const latest = this.#clock.now() - this.#options.writeTimeoutMs;
    // First, so that the reply to what is late can say that the device is blocked.
    this.#observe();
    let oldest = this.#queue.oldestPunctual;
    while (oldest !== undefined && oldest.arrival <= latest) {
      this.#queue.expireOldestPunctual();
      this.#counters.late += oldest.lines.ends.length - oldest.done;
      settleEntry(oldest, oldest.done, oldest.lines.ends.length, 'late');
      oldest = this.#queue.oldestPunctual;
    }
  }

  /** Called by the watchdog a few times a second: sees what changes by time alone, without an event. */
  check(): void {
    const write = this.#write;
    const now = this.#clock.now();
    if (write !== null && this.state !== 'disabled') {
      const lasted = now - write.since;
      if (!write.timedOut && this.#options.writeTimeoutMs > 0 && lasted >= this.#options.writeTimeoutMs) {
        write.timedOut = true;
        this.#counters.timeouts++;
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
    this.#observe();
  }

  /** Ends the device's call under way; where the operating system cannot, it goes on waiting. */
  #giveUp(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  #observe(): void {
    this.#health.observe(
      this.#connection === 'failed',
      this.#oldestWaitingMs(),
      this.#options.writeTimeoutMs,
    );
  }

  #oldestWaitingMs(): number {
    const oldest = this.#queue.oldest;
    return oldest === undefined ? 0 : this.#clock.now() - oldest.arrival;
  }

  /** Follows a rotation. Rejects with the `DeviceFailure`; the device goes on with what it has. */
  async reopen(): Promise<void> {
    await this.#work.add(async () => {
      if (this.state !== 'disabled') await this.#device.reopen(this.#abort.signal);
    });
    this.#pump();
  }

  /** Resolves when nothing waits any more, or after `ms`; with whether all was written. */
  async drain(ms: number): Promise<boolean> {
    if (!this.#queue.empty)
      await this.#within(ms, new Promise<void>((resolve) => this.#drained.push(resolve)));
    return this.#queue.empty;
  }

  #tellDrained(): void {
    if (!this.#queue.empty) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /**
   * Ends the lane: what waits is dropped with the reason, nothing more is written, the device is closed. A write
   * under way may end within a second; then it is given up.
   */
  async close(reason: 'disabled' | 'stopping'): Promise<void> {
    if (this.state === 'disabled') return;
    this.#health.disable();
    this.#retryTimer?.();
    // Deadlines pass meanwhile: a reply does not wait for a write that may not end.
    if (this.#write !== null) await this.#within(closeGraceMs, this.#work.onIdle());
    this.#deadlineTimer?.();
    this.#write = null;
    this.#abort.abort();
    this.#queue.clear((entry, from, to) => {
      settleEntry(entry, from, to, reason);
      if (entry.batch !== null) this.#counters.dropped[reason] += to - from;
    });
    this.#tellDrained();
    await this.#device.close();
    this.format.dispose();
  }

  async #within(ms: number, done: Promise<unknown>): Promise<void> {
    let cancel = (): void => {};
    const bound = new Promise<void>((resolve) => {
      cancel = this.#clock.setTimer(ms, resolve);
    });
    await Promise.race([done, bound]);
    cancel();
  }

  status(): LaneStatus {
    return {
      path: this.path,
      type: this.type,
      state: this.state,
      since: this.#health.since,
      lastFailure: this.#health.lastFailure,
      oldestWaitingMs: this.#oldestWaitingMs(),
      queueRecords: this.#queue.records,
      queueBytes: this.#queue.bytes,
      queueLimitBytes: this.#options.queueBytes,
      blockedMs: this.#health.blockedMs,
      counters: this.#counters,
    };
  }
}
