import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../client.ts';
import { Audit } from './audit.ts';
import type { AuditCounters } from './counters.ts';
import { Exchange } from './exchange.ts';
import type { RequestView } from './exchange-records.ts';
import { pathOf } from './request-facts.ts';
import type { AuditOptions } from './settings.ts';

export type { AuditCounters } from './counters.ts';
export type { AuditOptions, AuditRecordType, Unrecorded } from './settings.ts';

/** A request of Fastify, as far as it is read here; no package of types is needed for it. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
  readonly routeOptions: { readonly url?: string | undefined; readonly config?: object };
  readonly params: unknown;
  readonly body?: unknown;
  readonly user?: unknown;
}

/** The same of a reply. */
interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The same of a route that is being registered. */
interface FastifyRoute {
  preHandler?: unknown;
  config?: object;
}

/** The same of an instance; its methods take more than is said here. */
interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: never) => void): unknown;
  addHook(
    name: 'onRequest' | 'preHandler',
    hook: (request: never, reply: never) => Promise<unknown>,
  ): unknown;
  addHook(name: 'onError', hook: (request: never, reply: never, error: Error) => Promise<unknown>): unknown;
}

/** A plugin of Fastify, for `register`. */
export interface FastifyAudit {
  /** An instance is called an object here, because its types are those of Fastify's own package. */
  (instance: object): Promise<void>;
  /** A copy, as things are now. */
  readonly counters: Readonly<AuditCounters>;
}

const admitsLast = Symbol('audit-sidecar: the request is recorded by the last of its hooks');

/**
 * A plugin that records requests of the whole server by a client of the sidecar: their handlers run once they are recorded. Throws
 * a `TypeError` for options that cannot be used.
 */
export function auditFastify<Request = FastifyRequest>(
  client: Client,
  options: AuditOptions<Request> = {},
): FastifyAudit {
  const audit = new Audit(client, options);
  const exchanges = new WeakMap<IncomingMessage, Exchange<Request>>();
  const plugin = async (server: object): Promise<void> => {
    const instance = server as FastifyInstance;
    instance.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      const view = new FastifyView<Request>(request);
      if (audit.leftOut.has(request.raw.method, pathOf(view.url()), view.route())) audit.counters.leftOut++;
      else exchanges.set(request.raw, new Exchange(audit, view, reply.raw));
    });
    const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const exchange = exchanges.get(request.raw);
      if (exchange !== undefined && !(await exchange.admit())) reply.hijack();
    };
    // As late as can be, behind the application's own hooks: who acts, and what the body says, is known by then.
    instance.addHook('onRoute', (route: FastifyRoute) => {
      route.preHandler = [route.preHandler ?? []].flat().concat(admit);
      route.config = { ...route.config, [admitsLast]: true };
    });
    // What is no route, and routes that were registered before.
    instance.addHook('preHandler', async (request: FastifyRequest, reply: FastifyReply) => {
      if (!(admitsLast in (request.routeOptions.config ?? {}))) await admit(request, reply);
    });
    instance.addHook('onError', async (request: FastifyRequest, _reply: FastifyReply, error: Error) => {
      exchanges.get(request.raw)?.handlerFailed(error);
    });
  };
  return Object.defineProperties(plugin, {
    // What fastify-plugin sets: hooks of all routes, not only of those that are registered in here.
    [Symbol.for('skip-override')]: { value: true },
    [Symbol.for('fastify.display-name')]: { value: 'audit-sidecar' },
    [Symbol.for('plugin-meta')]: { value: { name: 'audit-sidecar', fastify: '5.x' } },
    counters: { get: () => audit.countersNow, enumerable: true },
  }) as unknown as FastifyAudit;
}

class FastifyView<Request> implements RequestView<Request> {
  readonly #request: FastifyRequest;

  constructor(request: FastifyRequest) {
    this.#request = request;
  }

  get message(): IncomingMessage {
    return this.#request.raw;
  }

  get shown(): Request {
    return this.#request as unknown as Request;
  }

  url(): string {
    return this.#request.originalUrl;
  }

  route(): string | undefined {
    return this.#request.routeOptions.url;
  }

  body(): unknown {
    return this.#request.body;
  }

  user(): unknown {
    return this.#request.user;
  }
}
