import type { IncomingMessage } from 'node:http';
import type { HttpListenerConfig } from '../../config/config.ts';
import { errorAnswer, type HttpAnswer } from '../http/http-routes.ts';
import { type BodyFault, recordsAnswer } from './http-answer.ts';
import type { IngestSettings } from './ingest-settings.ts';
import type { BudgetedReader } from './memory-budget.ts';
import { refusals } from './refusals.ts';
import type { Reply } from './replies.ts';
import { Session } from './session.ts';
import type { SharedBounds } from './shared-bounds.ts';
import { Turnstile } from './turnstile.ts';

/** Records of one request: bounds what their replies take, which wait for the last of them. */
export const maxRequestRecords = 65_536;

/** Taking the records of a body and answering it cost as much as so many tiny records, in a turn of the event loop. */
const exchangeCost = 25;

/**
 * Why the rest of a body is read past: it has too many records, or the daemon cannot wait for it; `null` while it is
 * not.
 */
type Passing = 'too many' | 'stopping' | null;

/** The records of one request's body: the same session as a stream's, with the replies put together in one answer. */
export class HttpExchange implements BudgetedReader {
  readonly #request: IncomingMessage;
  readonly #shared: IngestSettings;
  readonly #together: SharedBounds;
  readonly #session: Session;
  readonly #door: Turnstile;
  readonly #begun: number;
  #replies: Reply[] = [];
  readonly #tell: (answer: HttpAnswer) => void;
  #phase: 'reading' | 'ending' | 'answered' = 'reading';
  #passing: Passing = null;

  /** Never rejects. `begun` is called at once with the exchange, so that it can be cut short. */
  static run(
    request: IncomingMessage,
    listener: Pick<HttpListenerConfig, 'headers'>,
    shared: IngestSettings,
    together: SharedBounds,
    begun: (exchange: HttpExchange) => void,
  ): Promise<HttpAnswer> {
    return new Promise((resolve) => begun(new HttpExchange(request, listener, shared, together, resolve)));
  }

  private constructor(
    request: IncomingMessage,
    { headers }: Pick<HttpListenerConfig, 'headers'>,
    shared: IngestSettings,
    together: SharedBounds,
    tell: (answer: HttpAnswer) => void,
  ) {
    this.#request = request;
    this.#shared = shared;
    this.#together = together;
    this.#begun = shared.clock.now();
    this.#tell = tell;
    this.#session = new Session(
      shared,
      { replies: 'status', headers },
      null,
      (replies) => this.#reply(replies),
      (error) => this.#failed(error),
    );
    this.#door = new Turnstile({
      door: this.#session,
      turns: together.turns,
      overhead: exchangeCost,
      mayPass: () => this.#withinBounds() && together.memory.mayPass(this),
      passed: () => this.#passed(),
      fail: (error) => this.#failed(error),
    });
    together.memory.join(this);
    request.on('data', (chunk: Buffer) => this.#receive(chunk));
    request.on('end', () => this.#inputEnded());
    request.on('close', () => this.#gone());
  }

  get bytes(): number {
    return this.inFlightBytes + this.stuckBytes + this.#door.waitingBytes;
  }

  get inFlightBytes(): number {
    const { inFlightBytes, inFlightPlaces, inFlightRecords } = this.#door;
    const { place, record } = this.#together.costs;
    return inFlightBytes + inFlightPlaces * place + inFlightRecords * record;
  }

  /** Replies wait for the end of the body, and that for the client. */
  get stuckBytes(): number {
    return this.#door.heldBytes + this.#replies.length * this.#together.costs.reply;
  }

  get stuckSince(): number | null {
    return this.stuckBytes === 0 ? null : this.#begun;
  }

  /** Its connection is counted by itself. */
  get fixedBytes(): number {
    return 0;
  }

  get aheadBytes(): number {
    return this.#request.readableLength;
  }

  giveWay(): void {
    if (this.#door.heldBytes > 0) this.#door.refuseUnfinished(refusals.overloaded());
    else this.#giveUp();
  }

  /** Nothing of the body is known to be kept. */
  #giveUp(): void {
    this.#together.memory.leave(this);
    this.#door.discard();
    this.#answer(errorAnswer(503, refusals.overloaded().message, { Connection: 'close' }));
  }

  /** Reads on if nothing speaks against it. */
  resume(): void {
    this.#door.goOn();
    if (this.#phase === 'reading' && this.#request.isPaused() && this.#mayRead()) this.#request.resume();
  }

  /** Answers what was read, and waits for nothing more of the body. */
  cut(): void {
    if (this.#phase !== 'reading') return;
    this.#passing = 'stopping';
    this.#door.discard();
    this.#phase = 'ending';
    this.#request.resume();
    this.#answerWhenCertain();
  }

  #receive(chunk: Buffer): void {
    this.#door.receive(chunk);
    this.#passed();
  }

  #count(): void {
    const unfinished = this.#door.heldBytes > 0 ? 1 : 0;
    if (this.#passing !== null || this.#session.records + unfinished <= maxRequestRecords) return;
    this.#passing = 'too many';
    this.#door.discard();
  }

  #passed(): void {
    this.#count();
    if (this.#phase === 'reading' && !this.#mayRead()) this.#request.pause();
    else this.resume();
    this.#answerWhenCertain();
  }

  #mayRead(): boolean {
    if (this.#passing !== null) return true;
    return this.#door.empty && this.#withinBounds() && this.#together.memory.mayRead(this);
  }

  #withinBounds(): boolean {
    return !this.#door.scanning && this.#door.inFlightBytes < this.#shared.limits.connectionBytes;
  }

  #reply(replies: readonly Reply[]): void {
    for (const reply of replies) this.#replies.push(reply);
    this.resume();
    this.#answerWhenCertain();
  }

  #inputEnded(): void {
    if (this.#phase !== 'reading') return;
    this.#phase = 'ending';
    this.#door.end();
    this.#answerWhenCertain();
  }

  /** The client broke off, if it had not ended: its unfinished record is nobody's. */
  #gone(): void {
    if (this.#phase !== 'reading') return;
    this.#together.memory.leave(this);
    this.#door.discard();
    for (let rest = this.#request.read(); rest !== null; rest = this.#request.read()) rest.fill(0);
    this.#answer(errorAnswer(400, 'the body ended before its time'));
  }

  #answerWhenCertain(): void {
    if (this.#phase !== 'ending' || !this.#door.answered) return;
    this.#count();
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
    this.#replies = [];
    this.#together.memory.leave(this);
    this.#tell(answer);
  }
}
