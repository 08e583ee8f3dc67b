import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Seat } from './connection-places.ts';
import type { BudgetedReader } from './memory-budget.ts';
import type { SharedBounds } from './shared-bounds.ts';
import type { Passer } from './turns.ts';
import { UnparsedBytes } from './unparsed-bytes.ts';

/** Requests of one connection that wait for their answers, before no more of it is parsed. */
const mostRequests = 32;

/** Parsing a request costs as much as so many tiny records. */
const requestCost = 10;

/**
 * One connection of an HTTP listener: what its answers take while nobody reads them, and how much of what it sends is
 * parsed in a turn of the event loop. A chunk may hold a thousand requests that were sent without waiting for answers.
 */
export class HttpClient implements BudgetedReader, Passer, Seat {
  readonly #socket: Socket;
  readonly #together: SharedBounds;
  readonly #clock: Clock;
  readonly #parse: readonly ((chunk: Buffer) => void)[];
  readonly #parseEnd: readonly (() => void)[];
  readonly #fail: (error: unknown) => void;
  readonly #responses = new Set<ServerResponse>();
  /** Of those whose headers are there, the last. */
  #request: IncomingMessage | null = null;
  readonly #waiting = new UnparsedBytes();
  #input: 'open' | 'ended' | 'told' = 'open';
  /** `parked`: until its client reads its answers; `held`: until the body that has come is taken up. */
  #state: 'free' | 'queued' | 'parked' | 'held' | 'closed' = 'free';
  #stuckSince: number | null = null;
  #heardAt: number;
  /** Something has come since its last answer. */
  #unanswered = false;

  /**
   * For a socket that an HTTP server has just taken: its parser's listeners are there, and no other's. `fail` hears of a
   * defect, when the connection has been ended for it.
   */
  constructor(socket: Socket, together: SharedBounds, clock: Clock, fail: (error: unknown) => void) {
    this.#socket = socket;
    this.#fail = fail;
    this.#together = together;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.#parse = socket.listeners('data') as ((chunk: Buffer) => void)[];
    this.#parseEnd = socket.listeners('end') as (() => void)[];
    socket.removeAllListeners('data').removeAllListeners('end');
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('end', () => this.#guard(() => this.#ended()));
    socket.on('drain', () => this.#goOn());
    socket.on('resume', () => this.#resumed());
    socket.once('close', () => this.#closed());
    together.memory.join(this);
  }

  get bytes(): number {
    return this.stuckBytes + (this.#parked ? 0 : this.#waiting.bytes) - this.#heldBack;
  }

  get inFlightBytes(): number {
    return 0;
  }

  get stuckBytes(): number {
    return this.#unreadBytes + (this.#parked ? this.#waiting.bytes : 0);
  }

  get stuckSince(): number | null {
    return this.stuckBytes === 0 ? null : this.#stuckSince;
  }

  get fixedBytes(): number {
    const { connection, request } = this.#together.costs;
    return connection + this.#responses.size * request;
  }

  /** What waits behind a body that is held back is read too far, too. */
  get aheadBytes(): number {
    return this.#socket.readableLength + this.#heldBack;
  }

  get #heldBack(): number {
    return this.#state === 'held' ? this.#waiting.bytes : 0;
  }

  /** The beginning of a request is not seen here until its headers are whole: it is something under way. */
  get idleSince(): number | null {
    return this.#unanswered ? null : this.waitsSince;
  }

  /** A whole request is the daemon's to answer; everything else waits for the client. */
  get waitsSince(): number | null {
    if (!this.#waiting.empty) return null;
    for (const { req } of this.#responses) if (req.complete) return null;
    return this.#heardAt;
  }

  giveUp(): void {
    this.#socket.destroy();
  }

  /** Answers that the operating system has not taken. */
  get #unreadBytes(): number {
    let bytes = this.#socket.writableLength;
    for (const { socket, writableLength } of this.#responses) {
      // That of the answer whose turn it is counts what the socket has.
      bytes += socket === null ? writableLength : writableLength - this.#socket.writableLength;
    }
    return bytes;
  }

  get #parked(): boolean {
    return this.#state === 'parked';
  }

  /** It never waits for memory: its requests do. */
  resume(): void {}

  /** Its client does not read what it is told. */
  giveWay(): void {
    this.#together.memory.leave(this);
    this.#socket.destroy();
  }

  /** The headers of a request are there. */
  began(response: ServerResponse): void {
    this.#responses.add(response);
    this.#request = response.req;
    this.#waiting.requestBegan();
    this.#together.turns.spend(requestCost);
    response.once('close', () => {
      this.#responses.delete(response);
      this.#unanswered = this.#responses.size > 0 || !this.#waiting.empty;
      this.#goOn();
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#state === 'closed') {
      chunk.fill(0);
      return;
    }
    this.#heardAt = this.#clock.now();
    this.#unanswered = true;
    this.#waiting.add(chunk);
    if (this.#state === 'free') this.#parseOn(true);
  }

  /** In a turn. */
  pass(): void {
    this.#state = 'free';
    this.#guard(() => this.#parseOn(false));
  }

  #guard(serve: () => void): void {
    try {
      serve();
    } catch (error) {
      this.#socket.destroy();
      this.#fail(error);
    }
  }

  #goOn(): void {
    if ((this.#parked || this.#state === 'held') && this.#hindrance() === null) this.#queue(false);
  }

  /** The parser has resumed it, because the body that had come is taken up. */
  #resumed(): void {
    this.#goOn();
    if (this.#state !== 'free') this.#socket.pause();
  }

  /**
   * What speaks against parsing more. The parser must not be given any while it wants its socket paused, which it does for
   * the same reasons: it would keep a body of any length, and fail a check of its own behind unread answers.
   */
  #hindrance(): 'parked' | 'held' | null {
    const { writableHighWaterMark, writableNeedDrain } = this.#socket;
    if (this.#responses.size >= mostRequests) return 'parked';
    if (writableNeedDrain || this.#unreadBytes >= writableHighWaterMark) return 'parked';
    const body = this.#request;
    if (body === null || body.complete || body.readableLength < body.readableHighWaterMark) return null;
    return 'held';
  }

  #queue(fresh: boolean): void {
    this.#state = 'queued';
    this.#together.turns.wait(this, fresh);
  }

  #parseOn(begins: boolean): void {
    let fresh = begins;
    let hindrance = this.#hindrance();
    while (hindrance === null && !this.#waiting.empty && this.#together.turns.open) {
      const slice = this.#waiting.takeSlice();
      this.#together.turns.spend(1);
      for (const listener of this.#parse) listener.call(this.#socket, slice);
      fresh = false;
      if (this.#isClosed()) return;
      hindrance = this.#hindrance();
    }
    if (hindrance !== null) {
      this.#state = hindrance;
      this.#stuckSince = this.#clock.now();
      this.#socket.pause();
    } else if (!this.#waiting.empty) {
      this.#socket.pause();
      this.#queue(fresh);
    } else if (this.#socket.isPaused()) {
      this.#socket.resume();
    }
    if (this.#waiting.empty) this.#tellEnd();
  }

  /** What was parsed may have closed it. */
  #isClosed(): boolean {
    return this.#state === 'closed' || this.#socket.destroyed;
  }

  #ended(): void {
    this.#input = 'ended';
    if (this.#waiting.empty) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#input !== 'ended') return;
    this.#input = 'told';
    for (const listener of this.#parseEnd) listener.call(this.#socket);
  }

  #closed(): void {
    this.#state = 'closed';
    this.#together.turns.leave(this);
    this.#together.memory.leave(this);
    this.#waiting.wipe();
  }
}
