import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Seat } from './connection-places.ts';
import type { BudgetedReader } from './memory-budget.ts';
import type { SharedBounds } from './shared-bounds.ts';
import type { Passer } from './turns.ts';

/**
 * What is given to the parser at once: it makes all the requests in it before anything else happens. Where none begins,
 * as in a long body, the next slice is twice as long.
 */
const smallestSlice = 512;

/** Requests of one connection that wait for their answers, before no more of it is parsed. */
const mostRequests = 32;

/** Bytes of answers that a client may leave unread before no more of it is parsed. */
const mostUnreadBytes = 64 * 1024;

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
  readonly #responses = new Set<ServerResponse>();
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #sliceBytes = smallestSlice;
  #input: 'open' | 'ended' | 'told' = 'open';
  #state: 'free' | 'queued' | 'parked' | 'closed' = 'free';
  #stuckSince: number | null = null;
  #heardAt: number;
  /** Something has come since its last answer. */
  #unanswered = false;

  /** For a socket that an HTTP server has just taken: its parser's listeners are there, and no other's. */
  constructor(socket: Socket, together: SharedBounds, clock: Clock) {
    this.#socket = socket;
    this.#together = together;
    this.#clock = clock;
    this.#heardAt = clock.now();
    this.#parse = socket.listeners('data') as ((chunk: Buffer) => void)[];
    this.#parseEnd = socket.listeners('end') as (() => void)[];
    socket.removeAllListeners('data').removeAllListeners('end');
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#ended());
    socket.on('drain', () => this.#goOn());
    socket.once('close', () => this.#closed());
    together.memory.join(this);
  }

  get bytes(): number {
    return this.stuckBytes + (this.#parked ? 0 : this.#waitingBytes);
  }

  get inFlightBytes(): number {
    return 0;
  }

  get stuckBytes(): number {
    return this.#unreadBytes + (this.#parked ? this.#waitingBytes : 0);
  }

  get stuckSince(): number | null {
    return this.stuckBytes === 0 ? null : this.#stuckSince;
  }

  get fixedBytes(): number {
    const { connection, request } = this.#together.costs;
    return connection + this.#responses.size * request;
  }

  /** The beginning of a request is not seen here until its headers are whole: it is something under way. */
  get idleSince(): number | null {
    return this.#unanswered ? null : this.waitsSince;
  }

  /** A whole request is the daemon's to answer; everything else waits for the client. */
  get waitsSince(): number | null {
    if (this.#waitingBytes > 0) return null;
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
    this.#sliceBytes = smallestSlice;
    this.#together.turns.spend(requestCost);
    response.once('close', () => {
      this.#responses.delete(response);
      this.#unanswered = this.#responses.size > 0 || this.#waitingBytes > 0;
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
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#state === 'free') this.#parseOn(true);
  }

  /** In a turn. */
  pass(): void {
    this.#state = 'free';
    this.#parseOn(false);
  }

  #goOn(): void {
    if (this.#state === 'parked' && this.#mayParse()) this.#queue(false);
  }

  #mayParse(): boolean {
    return this.#responses.size < mostRequests && this.#unreadBytes < mostUnreadBytes;
  }

  #queue(fresh: boolean): void {
    this.#state = 'queued';
    this.#together.turns.wait(this, fresh);
  }

  #parseOn(begins: boolean): void {
    let fresh = begins;
    while (this.#waitingBytes > 0 && this.#together.turns.open) {
      if (!this.#mayParse()) {
        this.#state = 'parked';
        this.#stuckSince = this.#clock.now();
        this.#socket.pause();
        return;
      }
      const slice = this.#takeSlice();
      this.#together.turns.spend(1);
      for (const listener of this.#parse) listener.call(this.#socket, slice);
      fresh = false;
      if (this.#isClosed()) return;
    }
    if (this.#waitingBytes > 0) {
      this.#socket.pause();
      this.#queue(fresh);
    } else {
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#tellEnd();
    }
  }

  /** What was parsed may have closed it. */
  #isClosed(): boolean {
    return this.#state === 'closed' || this.#socket.destroyed;
  }

  #takeSlice(): Buffer {
    const chunk = this.#chunks[0]!;
    const slice = chunk.subarray(0, this.#sliceBytes);
    if (slice.length === this.#sliceBytes) this.#sliceBytes *= 2;
    this.#waitingBytes -= slice.length;
    if (slice.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(slice.length);
    return slice;
  }

  #ended(): void {
    this.#input = 'ended';
    if (this.#waitingBytes === 0) this.#tellEnd();
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
    for (const chunk of this.#chunks.splice(0)) chunk.fill(0);
    this.#waitingBytes = 0;
  }
}
