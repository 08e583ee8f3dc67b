import type { IncomingMessage } from 'node:http';
import type { HttpListenerConfig } from '../../config/config.ts';
import { errorAnswer, type HttpAnswer } from '../http/http-routes.ts';
import { type BodyFault, recordsAnswer } from './http-answer.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { BudgetedReader, MemoryBudget } from './memory-budget.ts';
import { refusals } from './refusals.ts';
import type { Reply } from './replies.ts';
import { Session } from './session.ts';

/** Records of one request: bounds what their replies take, which wait for the last of them. */
export const maxRequestRecords = 65_536;

/**
 * Why the rest of a body is read past: it has too many records, or the daemon cannot wait for it; `null` while it is
 * not.
 */
type Passing = 'too many' | 'stopping' | null;

/** The records of one request's body: the same session as a stream's, with the replies put together in one answer. */
export class HttpExchange implements BudgetedReader {
  readonly #request: IncomingMessage;
  readonly #shared: IngestSettings;
  readonly #budget: MemoryBudget;
  readonly #session: Session;
  readonly #replies: Reply[] = [];
  readonly #tell: (answer: HttpAnswer) => void;
  #phase: 'reading' | 'ending' | 'answered' = 'reading';
  #passing: Passing = null;

  /** Never rejects. `begun` is called at once with the exchange, so that it can be cut short. */
  static run(
    request: IncomingMessage,
    listener: Pick<HttpListenerConfig, 'headers'>,
    shared: IngestSettings,
    budget: MemoryBudget,
    begun: (exchange: HttpExchange) => void,
  ): Promise<HttpAnswer> {
    return new Promise((resolve) => begun(new HttpExchange(request, listener, shared, budget, resolve)));
  }

  private constructor(
    request: IncomingMessage,
    { headers }: Pick<HttpListenerConfig, 'headers'>,
    shared: IngestSettings,
    budget: MemoryBudget,
    tell: (answer: HttpAnswer) => void,
  ) {
    this.#request = request;
    this.#shared = shared;
    this.#budget = budget;
    this.#tell = tell;
    this.#session = new Session(
      shared,
      { replies: 'status', headers },
      (replies) => this.#reply(replies),
      (error) => this.#failed(error),
    );
    budget.join(this);
    request.on('data', (chunk: Buffer) => this.#receive(chunk));
    request.on('end', () => this.#inputEnded());
    request.on('close', () => this.#gone());
  }

  get bytes(): number {
    return this.#session.heldBytes + this.#session.inFlightBytes;
  }

  get inFlightBytes(): number {
    return this.#session.inFlightBytes;
  }

  get unfinishedSince(): number | null {
    return this.#session.unfinishedSince;
  }

  giveWay(): void {
    this.#session.refuseUnfinished(refusals.overloaded());
  }

  /** Reads on if nothing speaks against it. */
  resume(): void {
    if (this.#phase === 'reading' && this.#request.isPaused() && this.#mayRead()) this.#request.resume();
  }

  /** Answers what was read, and waits for nothing more of the body. */
  cut(): void {
    if (this.#phase !== 'reading') return;
    this.#passing = 'stopping';
    this.#session.discard();
    this.#phase = 'ending';
    this.#request.resume();
    this.#answerWhenCertain();
  }

  #receive(chunk: Buffer): void {
    this.#session.receive(chunk);
    if (this.#passing !== null) return;
    const unfinished = this.#session.heldBytes > 0 ? 1 : 0;
    if (this.#session.records + unfinished > maxRequestRecords) {
      this.#passing = 'too many';
      this.#session.discard();
    } else if (!this.#mayRead()) {
      this.#request.pause();
    }
  }

  #mayRead(): boolean {
    const { connectionBytes } = this.#shared.limits;
    return this.#passing !== null || (this.inFlightBytes < connectionBytes && this.#budget.mayRead(this));
  }

  #reply(replies: readonly Reply[]): void {
    for (const reply of replies) this.#replies.push(reply);
    this.resume();
    this.#answerWhenCertain();
  }

  #inputEnded(): void {
    if (this.#phase !== 'reading') return;
    this.#session.end();
    this.#phase = 'ending';
    this.#answerWhenCertain();
  }

  /** The client broke off, if it had not ended: its unfinished record is nobody's. */
  #gone(): void {
    if (this.#phase !== 'reading') return;
    this.#session.discard();
    for (let rest = this.#request.read(); rest !== null; rest = this.#request.read()) rest.fill(0);
    this.#answer(errorAnswer(400, 'the body ended before its time'));
  }

  #answerWhenCertain(): void {
    if (this.#phase !== 'ending' || !this.#session.answered) return;
    try {
      this.#answer(recordsAnswer(this.#replies, this.#fault()));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What the body has no answer to is in doubt. */
  #failed(error: unknown): void {
    this.#shared.onDefect(error);
    this.#answer(errorAnswer(500, 'internal error', { Connection: 'close' }));
  }

  #fault(): BodyFault | null {
    switch (this.#passing) {
      case 'too many':
        return {
          status: 413,
          message: `more than ${maxRequestRecords} records in one request: those behind the last reply were not read`,
        };
      case 'stopping':
        return { status: 503, message: 'the daemon is stopping: the rest of the body was not read' };
      case null:
        return null;
    }
  }

  #answer(answer: HttpAnswer): void {
    this.#phase = 'answered';
    this.#budget.leave(this);
    this.#tell(answer);
  }
}
