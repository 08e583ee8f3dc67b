import type { Device, DeviceSettings } from '../../devices/device.ts';
import type { LaneOptions } from '../../devices/device-kind.ts';
import type { LineFormat } from '../../format/formatter.ts';
import type { RenderedLines } from '../../format/lines.ts';
import { shownId } from '../../format/record-id.ts';
import type { Clock } from '../clock.ts';
import { withoutAbsent } from './absent-lines.ts';
import type { Batch } from './batch.ts';
import { DeviceWriter } from './device-writer.ts';
import { zeroLaneCounters } from './lane-counters.ts';
import { LaneDeadline } from './lane-deadline.ts';
import { LaneHealth } from './lane-health.ts';
import { LaneQueue } from './lane-queue.ts';
import type { DropReason, LaneCounters, LaneState, LaneStatus } from './lane-status.ts';
import { MemoryLineStore } from './memory-line-store.ts';
import { within } from './within.ts';
import type { WriterEvents } from './writer-events.ts';
import { closeGraceMs } from './writer-settings.ts';

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
  readonly createDevice: (onLost: DeviceSettings['onLost']) => Device;
}

/**
 * All that stands between the broker and one device: a bounded queue, deadlines, and the state that the watchdog and
 * the metrics read; a writer empties the queue. A lane never makes another one wait: `enqueue` only appends and returns.
 */
export class Lane {
  readonly path: string;
  readonly type: string;
  readonly format: LineFormat;
  readonly #options: LaneOptions;
  readonly #clock: Clock;
  readonly #queue = new LaneQueue(new MemoryLineStore());
  readonly #counters: LaneCounters = zeroLaneCounters();
  readonly #health: LaneHealth;
  readonly #writer: DeviceWriter;
  readonly #deadline: LaneDeadline;
  #drained: (() => void)[] = [];
  #tooLargeId: string | null = null;

  constructor(settings: LaneSettings) {
    const { path, clock, events } = settings;
    this.path = path;
    this.type = settings.type;
    this.format = settings.format;
    this.#options = settings.options;
    this.#clock = clock;
    this.#health = new LaneHealth(clock, (from, to) => events.onState(this, from, to));
    this.#deadline = new LaneDeadline({
      clock,
      queue: this.#queue,
      writeTimeoutMs: settings.options.writeTimeoutMs,
      // So that the reply to what is late can say that the device is blocked.
      onLook: () => this.#observe(),
      onLate: (records) => {
        this.#counters.late += records;
      },
    });
    this.#writer = new DeviceWriter({
      path,
      clock,
      queue: this.#queue,
      createDevice: settings.createDevice,
      enabled: () => this.state !== 'disabled',
      events: this.#counting(events),
    });
  }

  /** The one place that counts what the writer does. */
  #counting(events: LaneEvents): WriterEvents {
    const counters = this.#counters;
    return {
      onWrite: (seconds) => events.onWrite(this, seconds),
      onSettled: ({ recorded, tooLarge, tooLargeId, bytes }) => {
        counters.recorded += recorded;
        counters.dropped.too_large += tooLarge;
        counters.bytes += bytes;
        this.#tooLargeId = tooLargeId ?? this.#tooLargeId;
      },
      onFailure: (failure) => {
        counters.failures[failure.reason]++;
        this.#health.failed(failure);
        this.#observe();
      },
      onReopened: () => {
        counters.reconnects++;
      },
      onFollowed: () => this.#observe(),
      onTimeout: () => {
        counters.timeouts++;
      },
      onResent: (records) => {
        counters.resent += records;
      },
      onPause: () => {
        this.#observe();
        this.#tellDrained();
      },
    };
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
    return this.#health.takes && this.#queue.bytes * 2 < this.#options.queueBytes;
  }

  /** Opens the device before the first record. Rejects with the `DeviceFailure`; the lane tries again all the same. */
  open(): Promise<void> {
    return this.#writer.open();
  }

  /** Takes a batch's lines to write; `slot` is the lane's place in the batch. Never waits, never throws. */
  enqueue(batch: Batch, slot: number, rendered: RenderedLines): void {
    if (this.state === 'disabled') {
      this.#drop(batch, slot, 'disabled', batch.count);
      return;
    }
    const { lines, records } = withoutAbsent(rendered);
    if (rendered.tooLarge !== null) this.#tooLargeId = shownId(rendered.tooLarge);
    for (const [record, absence] of rendered.absences) {
      // What the device does not want is no loss.
      if (absence === 'too_large') this.#counters.dropped.too_large++;
      batch.settle(slot, record, record + 1, absence);
    }
    if (lines.ends.length === 0) return;
    if (!this.#queue.fits(lines, this.#options.queueBytes)) {
      this.#drop(batch, slot, 'queue_full', lines.ends.length);
      return;
    }
    this.#queue.append(batch, slot, lines, records);
    this.#deadline.arm();
    this.#writer.pump();
  }

  #drop(batch: Batch, slot: number, reason: DropReason, records: number): void {
    this.#counters.dropped[reason] += records;
    batch.settle(slot, 0, batch.count, reason);
  }

  /** Called by the watchdog a few times a second: sees what changes by time alone, without an event. */
  check(): void {
    this.#writer.check(this.#options.writeTimeoutMs);
    this.#observe();
  }

  #observe(): void {
    this.#health.observe(this.#writer.trouble, this.#deadline.waitedMs, this.#options.writeTimeoutMs);
  }

  #oldestWaitingMs(): number {
    const oldest = this.#queue.oldestArrival;
    return oldest === null ? 0 : this.#clock.now() - oldest;
  }

  /** Follows a rotation. Rejects with the `DeviceFailure`; the device goes on with what it has. */
  reopen(): Promise<void> {
    return this.#writer.reopen();
  }

  /** Resolves when nothing waits any more, or after `ms`; with whether all was written. */
  async drain(ms: number): Promise<boolean> {
    if (!this.#queue.empty) {
      await within(this.#clock, ms, new Promise<void>((resolve) => this.#drained.push(resolve)));
    }
    return this.#queue.empty;
  }

  #tellDrained(): void {
    if (!this.#queue.empty) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /**
   * Ends the lane: what waits is dropped with the reason, nothing more is written, the device is closed. A write
   * under way may end within a second; then it is given up. The peer of a connection has `confirmMs`, and a second at
   * least, to get what was sent. Resolves with how many records were recorded and then not known to be with the peer.
   */
  async close(reason: 'disabled' | 'stopping', confirmMs: number): Promise<number> {
    if (this.state === 'disabled') return 0;
    const latest = this.#clock.now() + Math.max(confirmMs, closeGraceMs);
    this.#health.disable();
    // Deadlines pass meanwhile: a reply does not wait for a write that may not end.
    await this.#writer.halt();
    this.#deadline.cancel();
    this.#counters.dropped[reason] += this.#queue.drop(reason);
    this.#tellDrained();
    const unconfirmed = await this.#writer.close(Math.max(0, latest - this.#clock.now()));
    this.format.dispose();
    return unconfirmed;
  }

  status(): LaneStatus {
    return {
      path: this.path,
      type: this.type,
      state: this.state,
      takes: this.#health.takes,
      since: this.#health.since,
      lastFailure: this.#health.lastFailure,
      oldestWaitingMs: this.#oldestWaitingMs(),
      queueRecords: this.#queue.records,
      queueBytes: this.#queue.bytes,
      queueLimitBytes: this.#options.queueBytes,
      blockedMs: this.#health.blockedMs,
      counters: this.#counters,
      tooLargeId: this.#tooLargeId,
    };
  }
}
