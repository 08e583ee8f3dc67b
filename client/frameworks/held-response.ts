import type { ServerResponse } from 'node:http';
import { GivenHead, headersAreSent } from './given-head.ts';
import type { BodyKind } from './observed-body.ts';
import { pretend } from './pretence.ts';
import { type Call, goneNowhere, type Setter, TakenCalls } from './taken-calls.ts';

/** The start of a response, as the application gave it. */
export interface BegunResponse {
  readonly status: number;
  /** All of its body has been seen. */
  readonly isWhole: boolean;
}

/** Sent instead of the application's response. */
export interface Replacement {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ResponseWatch {
  /** The response has begun: pieces of its body come. */
  begun(kind: BodyKind): void;
  /** A piece of the body that the application wrote, before any of it is sent. */
  piece(bytes: Uint8Array): void;
  /** Whether the response may be sent; until then nothing of it leaves. Never rejects. */
  judge(response: BegunResponse): Promise<'send' | Replacement>;
  /** Node refused to send it. */
  failed(error: unknown): void;
}

/** What is kept back of a response at most, before it is judged without its end: bytes, and time. */
export interface HoldLimits {
  readonly bytes: number;
  readonly ms: number;
}

/**
 * - `open`: the application has begun no response; what it sets can still be taken back.
 * - `begun`: it has, and it is seen whether all of it comes at once.
 * - `judged`: its record is under way.
 * - `sent`: what was kept back was let go, and all else goes its own way.
 * - `replaced`: something else was sent, and what the application writes goes nowhere.
 */
export type HeldState = 'open' | 'begun' | 'judged' | 'sent' | 'replaced';

const calls: readonly Call[] = [
  'writeHead',
  'write',
  'end',
  'flushHeaders',
  'writeEarlyHints',
  'writeInformation',
];
const setters: readonly Setter[] = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'];

/**
 * Keeps a response back until it may be sent. What the application calls on it is taken down and done later in the same
 * order, so what it does to the wire is Node's own; meanwhile the response looks as if it had been sent.
 */
export class HeldResponse {
  readonly #response: ServerResponse;
  readonly #watch: ResponseWatch;
  readonly #limits: HoldLimits;
  readonly #taken: TakenCalls;
  #state: HeldState = 'open';
  #head: GivenHead | null = null;
  #status = 200;
  #bytes = 0;
  #hasEnded = false;
  #wantsDrain = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, watch: ResponseWatch, limits: HoldLimits) {
    this.#response = response;
    this.#watch = watch;
    this.#limits = limits;
    this.#taken = new TakenCalls(response);
    for (const call of calls) this.#taken.exchange(call, (...args) => this.#call(call, args));
    for (const setter of setters) {
      this.#taken.exchange(setter, (...args) => {
        if (this.#looksSent) throw headersAreSent();
        return this.#taken.own(setter, ...args);
      });
    }
    pretend(response, 'headersSent', () => this.#looksSent);
    pretend(response, 'writableEnded', () => this.#isHolding && this.#hasEnded);
    pretend(response, 'writableNeedDrain', () => this.#isHolding && this.#wantsDrain);
  }

  get state(): HeldState {
    return this.#state;
  }

  /** Sends something else in the application's place; what it does from now on goes nowhere. */
  replace({ status, headers, body }: Replacement): void {
    clearTimeout(this.#timer);
    this.#state = 'replaced';
    const response = this.#response;
    for (const name of response.getHeaderNames()) {
      // Without these, a browser does not show its page why it was refused.
      if (!name.startsWith('access-control-')) this.#taken.own('removeHeader', name);
    }
    response.statusCode = status;
    response.statusMessage = '';
    for (const [name, value] of Object.entries(headers)) this.#taken.own('setHeader', name, value);
    this.#taken.own('setHeader', 'content-length', String(Buffer.byteLength(body)));
    this.#taken.own('end', body);
    this.#taken.forget();
  }

  /** The connection has ended: nothing is worth keeping back. */
  letGo(): void {
    if (this.#state === 'open' || this.#state === 'begun') this.#send();
  }

  get #isHolding(): boolean {
    return this.#state === 'begun' || this.#state === 'judged';
  }

  get #looksSent(): boolean {
    return this.#isHolding || (this.#state === 'open' && this.#head !== null);
  }

  #call(call: Call, args: unknown[]): unknown {
    switch (this.#state) {
      case 'sent':
        if (call === 'write' || call === 'end') this.#observe(args);
        return this.#taken.own(call, ...args);
      case 'replaced':
        return this.#ignore(call, args);
      case 'open':
      case 'begun':
      case 'judged':
        return isInvitation(call, args) ? this.#taken.own(call, ...args) : this.#keep(call, args);
    }
  }

  #keep(call: Call, args: unknown[]): unknown {
    if (call === 'writeHead') {
      if (this.#looksSent) throw headersAreSent();
      this.#head = new GivenHead(args);
    } else if (call === 'write' || call === 'end') this.#keepPiece(call, args);
    this.#taken.take(call, args);
    if (call === 'flushHeaders') this.#begin();
    if (this.#state === 'begun') {
      if (this.#hasEnded || call === 'flushHeaders' || this.#isMuch) this.#judge();
      // An event that the caller waits for is not kept back because the next may be long in coming.
      else this.#timer ??= setTimeout(() => this.#judge(), this.#areEvents ? 0 : this.#limits.ms);
    }
    if (call === 'write') return !this.#wantsDrain;
    return call === 'writeHead' || call === 'end' ? this.#response : undefined;
  }

  #keepPiece(call: 'write' | 'end', args: unknown[]): void {
    const [piece] = args;
    const isNone = call === 'end' && (piece === undefined || piece === null || typeof piece === 'function');
    // Node throws, and nothing has happened.
    if (!isNone && typeof piece !== 'string' && !(piece instanceof Uint8Array))
      this.#taken.own('write', ...args);
    this.#begin();
    if (!this.#hasEnded) this.#observe(args);
    if (call === 'end') this.#hasEnded = true;
    else if (this.#state === 'judged' || this.#isMuch) this.#wantsDrain = true;
  }

  get #isMuch(): boolean {
    return this.#bytes > this.#limits.bytes;
  }

  #observe([piece, encoding]: unknown[]): void {
    let bytes: Uint8Array;
    if (typeof piece === 'string') {
      const isKnown = typeof encoding === 'string' && Buffer.isEncoding(encoding);
      bytes = Buffer.from(piece, isKnown ? encoding : 'utf8');
    } else if (piece instanceof Uint8Array) bytes = piece;
    else return;
    this.#bytes += bytes.length;
    this.#watch.piece(bytes);
  }

  #begin(): void {
    if (this.#state !== 'open') return;
    this.#state = 'begun';
    this.#status = this.#head?.status ?? this.#response.statusCode;
    this.#watch.begun({
      contentType: this.#header('content-type'),
      contentEncoding: this.#header('content-encoding'),
    });
  }

  get #areEvents(): boolean {
    return this.#header('content-type')?.toLowerCase().startsWith('text/event-stream') === true;
  }

  #header(name: string): string | undefined {
    const value = this.#head?.header(name) ?? this.#response.getHeader(name);
    return value === undefined ? undefined : String(value);
  }

  #judge(): void {
    clearTimeout(this.#timer);
    this.#state = 'judged';
    this.#watch.judge({ status: this.#status, isWhole: this.#hasEnded }).then((verdict) => {
      if (verdict === 'send') this.#send();
      else this.replace(verdict);
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    const response = this.#response;
    // It is the recorded one that is sent, whatever was set since.
    if (this.#isHolding && this.#head === null) response.statusCode = this.#status;
    this.#state = 'sent';
    try {
      this.#taken.replay();
    } catch (error) {
      this.#watch.failed(error);
      if (response.headersSent) response.destroy();
      else this.replace({ status: 500, headers: {}, body: '' });
      return;
    }
    if (this.#wantsDrain && !this.#hasEnded && !response.writableNeedDrain) response.emit('drain');
  }

  #ignore(call: Call, args: unknown[]): unknown {
    if (call === 'writeHead') throw headersAreSent();
    goneNowhere(args);
    if (call === 'write') return true;
    return call === 'end' ? this.#response : undefined;
  }
}

/** `100 Continue` asks for the request's body, without which no response comes; `102 Processing` says as little. */
function isInvitation(call: Call, [status]: unknown[]): boolean {
  return call === 'writeInformation' && (status === 100 || status === 102);
}
