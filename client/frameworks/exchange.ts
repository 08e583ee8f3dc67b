import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Verdict } from '../verdict.ts';
import type { Audit } from './audit.ts';
import { whenConnectionEnds, whoEnded } from './connection-end.ts';
import {
  ExchangeRecords,
  type FailureReason,
  type RequestView,
  type ResponseFacts,
  streamed,
} from './exchange-records.ts';
import { type BegunResponse, HeldResponse, type Replacement } from './held-response.ts';
import { type BodyKind, ObservedBody } from './observed-body.ts';
import { refusalAnswer } from './refusal-answer.ts';
import { RequestBody } from './request-body.ts';
import { requestFacts } from './request-facts.ts';
import { thrownText } from './thrown-text.ts';

/** Their bodies are not sent, whatever the application writes. */
const bodiless = new Set([204, 304]);

/**
 * What is known of the response's record:
 *
 * - `due`: the application has not begun to answer.
 * - `written`: it told all there was.
 * - `streamed`: it told the beginning, and the end is to be told.
 * - `over`: nothing more is told.
 */
type Told = 'due' | 'written' | 'streamed' | 'over';

/** One request and its response: neither goes on before its record is known to be kept. */
export class Exchange<Request> {
  readonly #audit: Audit<Request>;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #isHead: boolean;
  readonly #records: ExchangeRecords<Request>;
  readonly #most: number;
  readonly #held: HeldResponse;
  readonly #forgetConnection: () => void;
  #requestVerdict: Promise<Verdict> | null = null;
  #told: Told = 'due';
  #body: ObservedBody | null = null;
  /** That was recorded. */
  #status: number | undefined;
  #error: string | undefined;
  #isGone = false;

  constructor(audit: Audit<Request>, view: RequestView<Request>, response: ServerResponse) {
    this.#audit = audit;
    this.#response = response;
    const { message } = view;
    const { requestId, headers, bodyBytes, holdMs } = audit.settings;
    this.#socket = message.socket;
    this.#most = bodyBytes;
    this.#isHead = message.method === 'HEAD';
    const facts = requestFacts(message, view.url(), requestId, headers);
    this.#records = new ExchangeRecords(audit, view, facts, new RequestBody(message, bodyBytes));
    audit.counters.requests++;
    this.#held = new HeldResponse(
      response,
      {
        begun: (kind) => this.#begun(kind),
        piece: (bytes) => this.#body?.add(bytes),
        judge: (begun) => this.#judge(begun),
        failed: (error) => {
          audit.failed(error);
          this.handlerFailed(error);
        },
      },
      { bytes: bodyBytes, ms: holdMs },
    );
    const gone = (): void => this.#connectionEnded();
    this.#forgetConnection = whenConnectionEnds(this.#socket, gone);
    response.on('close', gone);
    response.on('finish', () => this.#finished());
  }

  /** Records the request, once; resolves with whether the application may see it. When it may not, it is answered. */
  async admit(): Promise<boolean> {
    const verdict = await this.#requestRecorded();
    if (!verdict.proceed && this.#held.state === 'open') this.#refuse('request', verdict.code);
    return verdict.proceed && !this.#isGone;
  }

  /** What the application threw, for the records that are still to be written. */
  handlerFailed(error: unknown): void {
    this.#error = thrownText(error);
  }

  #requestRecorded(): Promise<Verdict> {
    this.#requestVerdict ??= this.#records.request();
    return this.#requestVerdict;
  }

  #begun(kind: BodyKind): void {
    this.#body = new ObservedBody(kind, this.#most);
  }

  async #judge({ status, isWhole }: BegunResponse): Promise<'send' | Replacement> {
    try {
      this.#status = status;
      if (this.#isHead || bodiless.has(status)) this.#body = null;
      // Without a body there is nothing left to tell, whenever the application ends it.
      const isStreamed = !isWhole && this.#body !== null;
      this.#told = isStreamed ? 'streamed' : 'written';
      // When who acts is looked at later than an answer was given, as after a failed login.
      const request = this.#requestRecorded();
      const response = this.#records.response('response', {
        status,
        bytes: isStreamed ? undefined : (this.#body?.bytes ?? 0),
        data: isStreamed ? streamed : (this.#body?.data() ?? null),
        ...this.#failure(undefined),
      });
      const refusedRequest = await request;
      if (!refusedRequest.proceed) return this.#replacement('request', refusedRequest.code);
      const refusedResponse = await response;
      return refusedResponse.proceed ? 'send' : this.#replacement('response', refusedResponse.code);
    } catch (error) {
      this.#audit.failed(error);
      return this.#replacement('response', 'internal');
    }
  }

  /** What the application threw comes first: that the connection ended may be its consequence. */
  #failure(reason: FailureReason | undefined): Pick<ResponseFacts, 'reason' | 'error'> {
    const error = this.#error;
    // Many throw to say 404: that is an answer.
    const isAnswer = reason === undefined && this.#status !== undefined && this.#status < 500;
    return { reason: error === undefined || isAnswer ? reason : 'handler_failed', error };
  }

  #refuse(type: 'request' | 'response', code: string): void {
    this.#held.replace(this.#replacement(type, code));
  }

  #replacement(type: 'request' | 'response', code: string): Replacement {
    this.#told = 'over';
    if (type === 'request') this.#audit.counters.refusedRequests++;
    else this.#audit.counters.refusedResponses++;
    return refusalAnswer(type, code);
  }

  #finished(): void {
    this.#forgetConnection();
    if (this.#told === 'streamed') this.#tellEnd(true, undefined);
    this.#told = 'over';
  }

  #connectionEnded(): void {
    if (this.#isGone || this.#response.writableFinished) return;
    this.#isGone = true;
    this.#forgetConnection();
    const told = this.#told;
    this.#told = 'over';
    // What was judged is not sent yet, and will not be.
    const wasSent = this.#held.state === 'sent';
    this.#held.letGo();
    if (told === 'due') {
      void this.#requestRecorded();
      this.#tellFailure('response', whoEnded(this.#socket));
    } else if (told !== 'over') {
      // The record that says what was about to be sent is written; this one says what became of it.
      if (wasSent) this.#tellEnd(false, whoEnded(this.#socket));
      else this.#tellFailure('response_end', whoEnded(this.#socket));
    }
  }

  #tellFailure(type: 'response' | 'response_end', reason: FailureReason): void {
    void this.#records.response(type, { status: undefined, bytes: 0, data: null, ...this.#failure(reason) });
  }

  #tellEnd(isComplete: boolean, reason: FailureReason | undefined): void {
    void this.#records.response('response_end', {
      status: this.#status,
      bytes: this.#body?.bytes ?? 0,
      data: this.#body?.digest(isComplete) ?? null,
      ...this.#failure(reason),
    });
  }
}
