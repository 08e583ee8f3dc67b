import type { IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Verdict } from '../verdict.ts';
import { actorOf } from './actor.ts';
import type { Audit } from './audit.ts';
import { jsonOf } from './json-text.ts';
import type { RequestBody } from './request-body.ts';
import { operationOf, type RequestFacts } from './request-facts.ts';
import type { AuditRecordType } from './settings.ts';

/** How a framework tells of a request. */
export interface RequestView<Request> {
  /** What the application's functions are given. */
  readonly shown: Request;
  readonly message: IncomingMessage;
  /** As the caller sent it, whatever was cut off since. */
  url(): string;
  /** The template of the route, once it is known. */
  route(): string | undefined;
  /** What a parser made of the body, if one did. */
  body(): unknown;
  /** Where the framework keeps who acts. */
  user(): unknown;
}

/**
 * Why a call came to nothing, where its status does not say so; these words are readable in a log.
 *
 * - `client_gone`: the caller ended the connection;
 * - `broken_off`: the server did, before its answer was sent;
 * - `handler_failed`: the application threw.
 */
export type FailureReason = 'client_gone' | 'broken_off' | 'handler_failed';

/** What is known of a response when its record is written. */
export interface ResponseFacts {
  /** That is or was sent; `undefined` when none was. */
  readonly status: number | undefined;
  /** Of its body; `undefined` when that is not known yet. */
  readonly bytes: number | undefined;
  /** As JSON. */
  readonly data: string | null;
  readonly reason: FailureReason | undefined;
  readonly error: string | undefined;
}

/** Of a response whose record is written before its end is known: another follows. */
export const streamed = '{"streamed":true}';

/** The records of one request. */
export class ExchangeRecords<Request> {
  readonly #audit: Audit<Request>;
  readonly #view: RequestView<Request>;
  readonly #facts: RequestFacts;
  readonly #body: RequestBody;
  readonly #startedAt = performance.now();

  constructor(audit: Audit<Request>, view: RequestView<Request>, facts: RequestFacts, body: RequestBody) {
    this.#audit = audit;
    this.#view = view;
    this.#facts = facts;
    this.#body = body;
  }

  request(): Promise<Verdict> {
    return this.#record('request', []);
  }

  response(type: 'response' | 'response_end', response: ResponseFacts): Promise<Verdict> {
    const { status, bytes, data, reason, error } = response;
    const isFailure = reason !== undefined || status === undefined || status >= 400;
    const told = object([
      ['status', jsonOf(status)],
      ['bytes', jsonOf(bytes)],
      ['duration_ms', jsonOf(Math.round((performance.now() - this.#startedAt) * 1000) / 1000)],
      ['data', data],
    ]);
    return this.#record(type, [
      ['response', told],
      ['outcome', isFailure ? '"failure"' : '"success"'],
      ['reason', jsonOf(reason)],
      ['error', jsonOf(error)],
    ]);
  }

  #record(type: AuditRecordType, more: Members): Promise<Verdict> {
    const { settings } = this.#audit;
    const request = this.#view.shown;
    const ask = (name: 'auth' | 'resource'): unknown => this.#audit.ask(() => settings[name]?.(request));
    const auth =
      settings.auth === undefined ? actorOf(this.#audit.ask(() => this.#view.user())) : ask('auth');
    const text = object([
      ['type', jsonOf(type)],
      ['time', jsonOf(new Date().toISOString())],
      ['auth', jsonOf(auth)],
      ['request', this.#request(type)],
      ['service', jsonOf(settings.service)],
      ['resource', jsonOf(ask('resource'))],
      ...more,
    ]);
    return this.#audit.record(type, this.#facts.id, text);
  }

  #request(type: AuditRecordType): string {
    const { settings } = this.#audit;
    const { id, method, query, headers, bytes, ...facts } = this.#facts;
    const request = this.#view.shown;
    const ask = (name: 'tenant' | 'operation' | 'route'): string | null =>
      textOf(this.#audit.ask(() => settings[name]?.(request)));
    const isEnd = type === 'response_end';
    return object([
      ['id', jsonOf(id)],
      ['method', jsonOf(method)],
      ['operation', jsonOf(ask('operation') ?? operationOf(method))],
      ['route', jsonOf(ask('route') ?? this.#audit.ask(() => this.#view.route()))],
      ['tenant', jsonOf(ask('tenant'))],
      ...Object.entries(facts).map(([name, value]): Member => [name, jsonOf(value)]),
      ['bytes', jsonOf(this.#body.bytes ?? bytes)],
      ['query', isEnd ? null : query],
      ['data', isEnd ? null : this.#body.data(() => this.#audit.ask(() => this.#view.body()))],
      ['headers', isEnd ? null : jsonOf(headers)],
    ]);
  }
}

/** A name, and its value as JSON; `null` leaves it out. */
type Member = readonly [name: string, json: string | null];
type Members = readonly Member[];

function object(members: Members): string {
  const told = members.filter(([, json]) => json !== null).map(([name, json]) => `"${name}":${json}`);
  return `{${told.join(',')}}`;
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null;
}
