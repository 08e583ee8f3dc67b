import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../client.ts';
import { Audit } from './audit.ts';
import type { AuditCounters } from './counters.ts';
import { Exchange } from './exchange.ts';
import type { RequestView } from './exchange-records.ts';
import type { ExpressRequest } from './express-request.ts';
import { pathOf } from './request-facts.ts';
import { RouteTemplate } from './route-template.ts';
import type { AuditOptions } from './settings.ts';

export type { AuditCounters } from './counters.ts';
export type { ExpressRequest } from './express-request.ts';
export type { AuditOptions, AuditRecordType, Unrecorded } from './settings.ts';

type Next = (error?: unknown) => void;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

export interface ExpressAudit extends Middleware {
  /**
   * For the first place, before parsers and authentication, when the audit itself stands behind them: what they answer
   * themselves is recorded, too, and of what they let pass nothing is recorded yet.
   */
  readonly early: Middleware;
  /** For the last place: puts what a handler threw into the record, and passes it on. */
  readonly errors: (error: unknown, request: IncomingMessage, response: ServerResponse, next: Next) => void;
  /** A copy, as things are now. */
  readonly counters: Readonly<AuditCounters>;
}

/**
 * Middleware that records requests by a client of the sidecar: what comes behind it runs once a request is recorded. Throws a
 * `TypeError` for options that cannot be used.
 */
export function auditExpress<Request extends IncomingMessage = ExpressRequest>(
  client: Client,
  options: AuditOptions<Request> = {},
): ExpressAudit {
  const audit = new Audit(client, options);
  /** One a request, however often the middleware meets it; `null` when it is left out. */
  const exchanges = new WeakMap<IncomingMessage, Exchange<Request> | null>();
  const exchangeOf = (message: IncomingMessage, response: ServerResponse): Exchange<Request> | null => {
    const known = exchanges.get(message);
    if (known !== undefined) return known;
    const view = new ExpressView<Request>(message as ExpressRequest);
    let exchange: Exchange<Request> | null = null;
    const route = audit.ask(() => view.route()) ?? undefined;
    if (audit.leftOut.has(message.method, pathOf(view.url()), route)) audit.counters.leftOut++;
    else exchange = new Exchange(audit, view, response);
    exchanges.set(message, exchange);
    return exchange;
  };
  const middleware: Middleware = (message, response, next) => {
    const exchange = exchangeOf(message, response);
    if (exchange === null) {
      next();
      return;
    }
    exchange.admit().then((isAdmitted) => {
      if (isAdmitted) next();
    }, next);
  };
  return Object.defineProperty(
    Object.assign(middleware, {
      early: ((message, response, next) => {
        exchangeOf(message, response);
        next();
      }) satisfies Middleware,
      errors: (error: unknown, message: IncomingMessage, _response: ServerResponse, next: Next) => {
        exchanges.get(message)?.handlerFailed(error);
        next(error);
      },
    }),
    'counters',
    { get: () => audit.countersNow, enumerable: true },
  ) as unknown as ExpressAudit;
}

class ExpressView<Request> implements RequestView<Request> {
  readonly message: ExpressRequest;
  readonly #route: RouteTemplate;

  constructor(message: ExpressRequest) {
    this.message = message;
    this.#route = new RouteTemplate(message);
  }

  get shown(): Request {
    return this.message as unknown as Request;
  }

  url(): string {
    return this.message.originalUrl ?? this.message.url ?? '/';
  }

  route(): string | undefined {
    return this.#route.template;
  }

  body(): unknown {
    return this.message.body;
  }

  user(): unknown {
    return this.message.user;
  }
}
