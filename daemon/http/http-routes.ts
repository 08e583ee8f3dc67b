import type { IncomingMessage } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Answers one call. A handler that reads the request's body bounds what it takes of it. */
export type HttpHandler = (request: IncomingMessage, url: URL) => HttpAnswer | Promise<HttpAnswer>;

/** Handlers by method, in upper case. */
export type HttpMethods = Readonly<Record<string, HttpHandler>>;

/**
 * Handlers by path. A path that ends in `/*` takes everything below it; an exact path goes first, then
 * the longest such beginning. HEAD is answered by GET's handler.
 */
export type HttpRoutes = ReadonlyMap<string, HttpMethods>;

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

/** The handler for a request, or the answer that refuses it. */
export function findHandler(
  routes: HttpRoutes,
  method: string,
  pathname: string,
): { readonly handler: HttpHandler } | { readonly refusal: HttpAnswer } {
  const methods = routes.get(pathname) ?? longestBeginning(routes, pathname);
  if (methods === null) return { refusal: errorAnswer(404, `nothing at "${pathname}"`) };
  const name = method === 'HEAD' ? 'GET' : method;
  const handler = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (handler !== undefined) return { handler };
  const allowed = Object.keys(methods).flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each]));
  return {
    refusal: errorAnswer(405, `"${pathname}" does not take ${method}`, { Allow: allowed.join(', ') }),
  };
}

function longestBeginning(routes: HttpRoutes, pathname: string): HttpMethods | null {
  let found: HttpMethods | null = null;
  let length = 0;
  for (const [path, methods] of routes) {
    if (!path.endsWith('/*') || path.length <= length || !pathname.startsWith(path.slice(0, -1))) continue;
    found = methods;
    length = path.length;
  }
  return found;
}
