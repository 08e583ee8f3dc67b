import { connect, type Socket } from 'node:net';
import { connectionFault } from './connection-fault.ts';
import type { RecordBytes } from './record-splitter.ts';
import { readReply } from './reply.ts';
import { addRefusal, type Tally } from './tally.ts';

export interface SendSettings {
  /** Path of an ingest listener's UNIX socket. */
  readonly socketPath: string;
  /** Records that may wait for their reply at a time, from 1. */
  readonly window: number;
  /** Milliseconds without any reply after which the rest counts as unanswered; 0 waits without end. */
  readonly replyTimeoutMs: number;
  /** Ends the sending; what is in flight counts as unanswered. */
  readonly signal: AbortSignal;
}

/** Why a sending ended before every record was answered. */
export class SendInterrupted extends Error {
  override readonly name = 'SendInterrupted';
}

/** A reply is at most a few hundred bytes, with one entry for each device. */
const longestReply = 1024 * 1024;
const foreignReply = 'the other side does not speak the ingest protocol';
const newline = 0x0a;

/** One connection to a listener: writes runs of records as they fit, and matches the replies in their order. */
export class RecordConnection {
  readonly #settings: SendSettings;
  readonly #tally: Tally;
  readonly #socket: Socket;
  /** When each record in flight was handed to the socket, and its line: a ring, by the record's number. */
  readonly #sentAt: Float64Array;
  readonly #lines: Float64Array;
  readonly #onFailure: () => void;
  #answered = 0;
  #unended: Buffer = Buffer.alloc(0);
  #failure: SendInterrupted | null = null;
  #finishing = false;
  #timer: NodeJS.Timeout | null = null;
  /** Resolves what waits for a reply, for room in the socket, or for the end. */
  #wake: (() => void) | null = null;
  readonly #abort = (): void => this.#fail('interrupted');

  constructor(settings: SendSettings, tally: Tally, onFailure: () => void) {
    this.#settings = settings;
    this.#tally = tally;
    this.#onFailure = onFailure;
    this.#sentAt = new Float64Array(settings.window);
    this.#lines = new Float64Array(settings.window);
    const socket = connect({ path: settings.socketPath });
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('drain', () => this.#wakeUp());
    socket.on('connect', () => this.#wakeUp());
    socket.on('error', (error) => this.#fail(connectionFault(error)));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
    if (settings.signal.aborted) this.#abort();
    settings.signal.addEventListener('abort', this.#abort);
  }

  /** How many records may be sent before another reply; at least 1, as `send` leaves it. */
  get room(): number {
    return this.#settings.window - this.#inFlight;
  }

  /** Why no further reply will come; `null` while one may. */
  get failure(): SendInterrupted | null {
    return this.#failure;
  }

  get #inFlight(): number {
    return this.#tally.sent - this.#answered;
  }

  async opened(): Promise<void> {
    await this.#until(() => !this.#socket.connecting);
  }

  /** Hands a run to the socket, and waits until there is room for another record in the window and in the socket. */
  async send(run: RecordBytes): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const now = performance.now();
    const { window } = this.#settings;
    // Until now nobody had to answer.
    if (this.#inFlight === 0) this.#timer?.refresh();
    for (let index = 0; index < run.starts; index++) {
      const slot = this.#tally.sent % window;
      this.#sentAt[slot] = now;
      this.#lines[slot] = run.firstLine + index;
      this.#tally.sent++;
    }
    this.#armTimer();
    this.#socket.write(run.bytes);
    // Most runs wait for nothing, and a wait costs a turn of the event loop.
    if (this.#hasRoom()) return;
    await this.#until(() => this.#hasRoom());
  }

  /** Ends the sending side and waits for the last reply. */
  async finished(): Promise<void> {
    this.#finishing = true;
    this.#socket.end();
    await this.#until(() => this.#inFlight === 0);
  }

  destroy(): void {
    this.#settings.signal.removeEventListener('abort', this.#abort);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #hasRoom(): boolean {
    return this.room > 0 && !this.#socket.writableNeedDrain;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (this.#failure === null && !condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#unended.length === 0 ? chunk : Buffer.concat([this.#unended, chunk]);
    const now = performance.now();
    let from = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
      this.#count(bytes.subarray(from, end), now);
      from = end + 1;
      if (this.#failure !== null) return;
    }
    this.#unended = bytes.subarray(from);
    if (this.#unended.length > longestReply) this.#fail(foreignReply);
    this.#timer?.refresh();
    this.#wakeUp();
  }

  #count(line: Buffer, now: number): void {
    const reply = readReply(line);
    if (reply.kind === 'foreign' || this.#inFlight === 0) {
      this.#fail(foreignReply);
      return;
    }
    const slot = this.#answered++ % this.#settings.window;
    const tally = this.#tally;
    tally.latency.add(now - this.#sentAt[slot]!);
    if (reply.kind === 'ok') {
      tally.ok++;
      return;
    }
    addRefusal(tally, { line: this.#lines[slot]!, code: reply.code, message: reply.message });
  }

  #armTimer(): void {
    const { replyTimeoutMs } = this.#settings;
    if (this.#timer !== null || replyTimeoutMs === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#inFlight === 0) return;
      this.#fail(`no reply for ${replyTimeoutMs / 1000} s; a listener with "replies: none" never sends one`);
    }, replyTimeoutMs);
  }

  #ended(): void {
    if (this.#inFlight > 0 || !this.#finishing) this.#fail('the other side closed the connection');
    else this.#wakeUp();
  }

  /** The first reason counts: later ones follow from it. */
  #fail(reason: string): void {
    if (this.#failure === null) {
      this.#failure = new SendInterrupted(reason);
      this.#onFailure();
    }
    this.#wakeUp();
  }
}
