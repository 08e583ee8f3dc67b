import type { Duplex } from 'node:stream';
import type { Verdict } from '../verdict.ts';
import type { Audit } from './audit.ts';
import { whoEnded } from './connection-end.ts';
import { ExchangeRecords, type FailureReason, type RequestView, streamed } from './exchange-records.ts';
import { refusalAnswer } from './refusal-answer.ts';
import { RequestBody } from './request-body.ts';
import { requestFacts } from './request-facts.ts';
import { goneNowhere, type Method } from './taken-calls.ts';

type Call = 'write' | 'end';

/**
 * - `waiting`: the application has written nothing.
 * - `judged`: it has, and what it writes is kept back until the record of the answer is known to be kept.
 * - `open`: what passes is no business of ours.
 * - `refused`: it was ended, and what the application writes goes nowhere.
 */
type State = 'waiting' | 'judged' | 'open' | 'refused';

/** A connection that becomes another protocol's (`Upgrade`, `CONNECT`): its answer is what is written to it first. */
export class Tunnel<Request> {
  readonly #audit: Audit<Request>;
  readonly #socket: Duplex;
  readonly #records: ExchangeRecords<Request>;
  readonly #own: Readonly<Record<Call, Method>>;
  #state: State = 'waiting';
  #taken: { call: Call; args: unknown[] }[] = [];
  #status: number | undefined;
  #bytes = 0;

  constructor(audit: Audit<Request>, view: RequestView<Request>, socket: Duplex) {
    this.#audit = audit;
    this.#socket = socket;
    const { requestId, headers } = audit.settings;
    const facts = requestFacts(view.message, view.url(), requestId, headers);
    this.#records = new ExchangeRecords(audit, view, facts, new RequestBody(view.message, 0));
    audit.counters.requests++;
    this.#own = { write: socket.write.bind(socket) as Method, end: socket.end.bind(socket) as Method };
  }

  /** Records the request; resolves with whether the application may have the connection. When it may not, it is ended. */
  async admit(): Promise<boolean> {
    // Nobody else listens to what goes wrong with it meanwhile.
    const ignore = (): void => {};
    this.#socket.on('error', ignore);
    const verdict = await this.#records.request();
    this.#socket.off('error', ignore);
    if (!verdict.proceed) this.#refuse('request', verdict);
    else if (this.#socket.destroyed) this.#tellEnd('response', whoEnded(this.#socket));
    else this.#hold();
    return verdict.proceed && !this.#socket.destroyed;
  }

  #hold(): void {
    const held = this.#socket as unknown as Record<Call, Method>;
    for (const call of ['write', 'end'] as const) {
      held[call] = (...args) => this.#call(call, args);
    }
    this.#socket.once('close', () => {
      if (this.#state === 'waiting') this.#tellEnd('response', whoEnded(this.#socket));
      else if (this.#state !== 'refused') this.#tellEnd('response_end', undefined);
    });
  }

  #call(call: Call, args: unknown[]): unknown {
    if (typeof args[0] === 'string' || args[0] instanceof Uint8Array) this.#bytes += args[0].length;
    if (this.#state === 'open') return this.#own[call](...args);
    if (this.#state === 'refused') {
      goneNowhere(args);
      return call === 'write' ? true : this.#socket;
    }
    this.#taken.push({ call, args });
    if (this.#state === 'waiting') void this.#judge(args[0]);
    return call === 'write' ? true : this.#socket;
  }

  async #judge(first: unknown): Promise<void> {
    this.#state = 'judged';
    this.#status = statusOf(first);
    const verdict = await this.#records.response('response', {
      status: this.#status,
      bytes: undefined,
      data: streamed,
      reason: undefined,
      error: undefined,
    });
    const taken = this.#taken;
    this.#taken = [];
    if (verdict.proceed) {
      this.#state = 'open';
      for (const { call, args } of taken) this.#own[call](...args);
    } else {
      for (const { args } of taken) goneNowhere(args);
      this.#refuse('response', verdict);
    }
  }

  #refuse(type: 'request' | 'response', verdict: Verdict): void {
    this.#state = 'refused';
    if (type === 'request') this.#audit.counters.refusedRequests++;
    else this.#audit.counters.refusedResponses++;
    const { status, headers, body } = refusalAnswer(type, verdict.ok ? '' : verdict.code);
    const lines = Object.entries({
      ...headers,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.on('error', () => {});
    this.#own.end(`HTTP/1.1 ${status} Service Unavailable\r\n${head}\r\n${body}`, () =>
      this.#socket.destroy(),
    );
  }

  #tellEnd(type: 'response' | 'response_end', reason: FailureReason | undefined): void {
    void this.#records.response(type, {
      status: this.#status,
      bytes: this.#bytes,
      data: null,
      reason,
      error: undefined,
    });
  }
}

/** Of the status line that begins an answer. */
function statusOf(first: unknown): number | undefined {
  if (typeof first !== 'string' && !(first instanceof Uint8Array)) return undefined;
  const text = typeof first === 'string' ? first : Buffer.from(first).toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(text.slice(0, 32))?.[1];
  return status === undefined ? undefined : Number(status);
}
