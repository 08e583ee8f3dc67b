import type { IncomingMessage } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Answers every request, whatever its path. */
export type HttpResponder = (request: IncomingMessage) => HttpAnswer | Promise<HttpAnswer>;

/** One request that a route takes. */
export interface HttpCall {
  readonly request: IncomingMessage;
  /** What the route's pattern captured of the path; empty when it captures nothing. */
  readonly name: string;
}

/** Answers one call. Whoever reads the request's body bounds what is taken of it. */
export type HttpAction = (call: HttpCall) => HttpAnswer | Promise<HttpAnswer>;

/** What a route does, by method; HEAD is answered like GET. */
export type HttpMethods = Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', HttpAction>>>;

/** A resource. Of several whose path fits, the first answers. */
export interface HttpRoute {
  /** The decoded path, or a pattern for it. */
  readonly path: string | RegExp;
  readonly methods: HttpMethods;
}

/** An answer with a value as JSON. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** What every error looks like. */
export function errorAnswer(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return jsonAnswer(status, { errors: [message] }, headers);
}
