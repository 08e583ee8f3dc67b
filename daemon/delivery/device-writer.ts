import PQueue from 'p-queue';
import { type Device, DeviceFailure, type LostLines, type LostScope } from '../../devices/device.ts';
import { Backoff } from './backoff.ts';
import { type NextWrite, takenLines } from './next-write.ts';
import { Reopening } from './reopening.ts';
import { SentTail } from './sent-tail.ts';
import { within } from './within.ts';
import { closeGraceMs, type WriterSettings } from './writer-settings.ts';
import { due, idle, isStalled, opening, type WriterState, writing } from './writer-state.ts';

/** Bytes that one write takes from the queue at most: large enough to cost little a record, small enough to copy at once. */
const maxWriteBytes = 1024 * 1024;

/** What is asked of the device from outside goes before the writes. */
const first = { priority: 1 };

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
  readonly #reopening: Reopening;
  #state: WriterState = idle;
  /**
   * `failed`: the last attempt ended in an error; `probing`: opened again since, and the next write, of one record,
   * tells whether it works.
   */
  #connection: 'new' | 'failed' | 'probing' | 'open' = 'new';
  /** Records that would be sent again, had the lane not ended, or are nowhere. */
  #unconfirmed = 0;

  constructor(settings: WriterSettings) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings.clock);
    this.#device = settings.createDevice((scope, failure) => this.#onLost(scope, failure));
    // Not bounded by the queue's limit: what is not kept here is lost, although it was answered as recorded.
    this.#tail = new SentTail(this.#device.tailBytes);
    this.#reopening = new Reopening(settings, (begun) =>
      this.#work.add(async () => {
        begun();
        if (settings.enabled()) await this.#device.reopen(this.#abort.signal);
      }, first),
    );
  }

  /** Whether the last attempt to open or write ended in an error. */
  get failing(): boolean {
    return this.#connection === 'failed' || this.#connection === 'probing';
  }

  /** `astray`: it writes to a file that it should have left. */
  get trouble(): 'failing' | 'astray' | null {
    if (this.failing) return 'failing';
    return this.#reopening.isAstray ? 'astray' : null;
  }

  /** Opens the device: first of all. Rejects with the `DeviceFailure`; it is tried again all the same. */
  async open(): Promise<void> {
    await this.#work.add(async () => {
      const failure = await this.#open();
      this.#rest();
      if (failure !== null) throw failure;
    });
  }

  /** Starts writing if there is a reason to and nothing speaks against it. */
  pump(): void {
    const { queue, enabled } = this.#settings;
    if (this.#state.kind !== 'idle' || !enabled()) return;
    // A failed device is tried again even when nothing waits: its state should not wait for the next record.
    if (queue.empty && !this.failing) return;
    this.#state = due;
    void this.#work.add(() => this.#flush());
  }

  /** One step after the other, until something else comes between. */
  async #flush(): Promise<void> {
    const { queue, enabled } = this.#settings;
    for (;;) {
      // What comes in the same turn goes out with the same write.
      await null;
      if (this.#state.kind !== 'due' || !enabled() || this.#work.sizeBy(first) > 0) break;
      if (this.#connection === 'new' || this.#connection === 'failed') {
        await this.#open();
      } else if (queue.empty) {
        this.#connection = 'open';
        break;
      } else {
        await this.#writeOnce();
      }
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#state.kind !== 'pausing') this.#state = idle;
    this.#settings.events.onPause();
    this.pump();
  }

  /** A failure has been noted when it is returned. */
  async #open(): Promise<DeviceFailure | null> {
    const call = opening(this.#settings.clock.now());
    this.#state = call;
    const failure = (await this.#tryToOpen()) ?? call.ended;
    // Closed in the meantime: whoever waits for the opening is still told.
    if (this.#state !== call) return failure ?? new DeviceFailure('aborted', 'Cannot open: given up');
    this.#state = due;
    if (failure !== null) {
      this.#fail(failure);
      return failure;
    }
    this.#backoff.opened();
    if (this.#connection === 'failed') this.#settings.events.onReopened();
    this.#connection = this.#connection === 'new' ? 'open' : 'probing';
    return null;
  }

  async #tryToOpen(): Promise<DeviceFailure | null> {
    try {
      await this.#device.open(this.#abort.signal);
      return null;
    } catch (error) {
      if (error instanceof DeviceFailure) return error;
      return new DeviceFailure('io', `Cannot open device "${this.#settings.path}": internal error`);
    }
  }

  /** Writes once from what waits. */
  async #writeOnce(): Promise<void> {
    const { path, clock, queue, events } = this.#settings;
    const next = queue.peek(maxWriteBytes, this.#connection === 'open' ? Number.POSITIVE_INFINITY : 1);
    const call = writing(next.lines.bytes.length, clock.now());
    this.#state = call;
    const { settled, refused, failure } = await this.#device.write(next.lines, this.#abort.signal);
    // Closed in the meantime: the queue has been emptied and everything settled.
    if (this.#state !== call) return;
    this.#state = due;
    events.onWrite((clock.now() - call.since) / 1_000);
    const { lost } = call;
    // What a broken connection took in this very write is in doubt, and nobody was told yet that it is recorded.
    if (lost === null || this.#device.tailBytes === 0) this.#settle(next, settled, refused);
    if (lost !== null) this.#sendTailAgain(lost);
    if (failure === null && lost === null) this.#connection = 'open';
    else
      this.#fail(failure ?? new DeviceFailure('closed', `Device "${path}": the peer ended the connection`));
  }

  #settle(write: NextWrite, count: number, refused: readonly number[]): void {
    if (count === 0) return;
    const { clock, queue, events } = this.#settings;
    for (const { lines, at } of takenLines(write, count, clock.now())) this.#tail.add(lines, at);
    events.onSettled(queue.settle(write, count, refused));
  }

  #fail(failure: DeviceFailure): void {
    const { clock, enabled, events } = this.#settings;
    this.#connection = 'failed';
    if (enabled() && this.#state.kind !== 'pausing') {
      const cancel = clock.setTimer(this.#backoff.next(), () => {
        this.#state = idle;
        this.pump();
      });
      this.#state = { kind: 'pausing', cancel };
    }
    events.onFailure(failure);
  }

  #onLost(scope: LostScope | LostLines, failure: DeviceFailure): void {
    if (typeof scope === 'object') {
      this.#unconfirmed += scope.lines;
      return;
    }
    const state = this.#state;
    // Also while it closes: what this write took is not to be answered as recorded.
    if (state.kind === 'writing') {
      state.lost = state.lost === 'all' ? 'all' : scope;
      return;
    }
    this.#sendTailAgain(scope);
    if (!this.#settings.enabled()) return;
    if (state.kind === 'opening') state.ended = failure;
    else this.#fail(failure);
  }

  #sendTailAgain(scope: LostScope): void {
    const { clock, queue, events, enabled } = this.#settings;
    const now = clock.now();
    const doubtful = this.#tail.take(scope, now);
    const records = doubtful.reduce((sum, { lines }) => sum + lines.ends.length, 0);
    if (enabled()) {
      queue.sendAgain(doubtful, now);
      events.onResent(records);
    } else this.#unconfirmed += records;
  }

  /** Sees what time alone brings: a write that lasts too long (`writeTimeoutMs`, 0: never), and a call that never ends. */
  check(writeTimeoutMs: number): void {
    const { clock, enabled, events } = this.#settings;
    const state = this.#state;
    if (!enabled() || (state.kind !== 'opening' && state.kind !== 'writing')) return;
    const now = clock.now();
    if (state.kind === 'writing' && !state.timedOut && writeTimeoutMs > 0) {
      state.timedOut = now - state.since >= writeTimeoutMs;
      if (state.timedOut) events.onTimeout();
    }
    if (!isStalled(state, now)) return;
    // Ends the device's call under way; where the operating system cannot, it goes on waiting and nobody hears the next.
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Follows a rotation, when the write under way has ended. Rejects with the `DeviceFailure`: it is tried again. */
  reopen(): Promise<void> {
    return this.#reopening.follow();
  }

  /** No more attempts, once the lane is no longer enabled; a write under way may end within a second. */
  async halt(): Promise<void> {
    this.#reopening.end();
    if (this.#state.kind === 'pausing') this.#state.cancel();
    if (this.#state.kind === 'writing') await within(this.#settings.clock, closeGraceMs, this.#work.onIdle());
    const state = this.#state;
    this.#state = idle;
    if (state.kind === 'writing' && state.lost !== null) this.#sendTailAgain(state.lost);
    this.#abort.abort();
  }

  /**
   * Closes the device, whose peer has `confirmMs` to get what was sent. Resolves with how many records were recorded
   * and are not known to be with the peer, which may have them all the same.
   */
  async close(confirmMs: number): Promise<number> {
    const limit = new AbortController();
    const cancel = this.#settings.clock.setTimer(confirmMs, () => limit.abort());
    await this.#device.close(limit.signal);
    cancel();
    return this.#unconfirmed;
  }
}
