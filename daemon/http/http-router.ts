import type { IncomingMessage } from 'node:http';
import {
  errorAnswer,
  type HttpAction,
  type HttpAnswer,
  type HttpMethods,
  type HttpResponder,
  type HttpRoute,
} from './http-routes.ts';

/** What a request asks for. */
export interface HttpTarget {
  readonly method: string;
  /** Decoded, and otherwise as it was sent: segments such as `..` are not resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** What is said to requests that no route takes. */
export interface HttpRefusals {
  /** Asked before any route is looked for; `null` refuses nothing. */
  readonly beforehand: (target: HttpTarget) => HttpAnswer | null;
  readonly unknownPath: (target: HttpTarget) => HttpAnswer;
  /** `allowed` lists the methods that the path takes, as the header `Allow` has them. */
  readonly unknownMethod: (target: HttpTarget, allowed: string) => HttpAnswer;
}

export const plainRefusals: HttpRefusals = {
  beforehand: () => null,
  unknownPath: ({ path }) => errorAnswer(404, `nothing at "${path}"`),
  unknownMethod: ({ method, path }, allowed) =>
    errorAnswer(405, `"${path}" does not take ${method}`, { Allow: allowed }),
};

/** Answers each request by the first of `routes` that has its path. */
export function routed(routes: readonly HttpRoute[], refusals: HttpRefusals): HttpResponder {
  return (request) => {
    const target = targetOf(request);
    if ('status' in target) return target;
    const refusal = refusals.beforehand(target);
    if (refusal !== null) return refusal;
    for (const { path, methods } of routes) {
      const name = captured(path, target.path);
      if (name === null) continue;
      const action = actionFor(methods, target.method);
      if (action === null) return refusals.unknownMethod(target, allowed(methods));
      return action({ request, name });
    }
    return refusals.unknownPath(target);
  };
}

/** What is asked for, or the answer to a target that names no path here. */
export function targetOf({
  method = 'GET',
  url = '',
}: Pick<IncomingMessage, 'method' | 'url'>): HttpTarget | HttpAnswer {
  // The absolute form has to be understood as well (RFC 9112, section 3.2.2).
  const sent = url.replace(/^https?:\/\/[^/?]+\/?/i, '/');
  if (!sent.startsWith('/')) return errorAnswer(400, 'the request target is not a path');
  const at = sent.indexOf('?');
  const path = at === -1 ? sent : sent.slice(0, at);
  try {
    const query = new URLSearchParams(at === -1 ? '' : sent.slice(at));
    return { method, path: decodeURIComponent(path), query };
  } catch {
    return errorAnswer(400, 'the request path has a percent sign that encodes nothing');
  }
}

/** What a route's path captures of the path asked for; `null` when it is another. */
export function captured(path: string | RegExp, asked: string): string | null {
  if (typeof path === 'string') return path === asked ? '' : null;
  const match = path.exec(asked);
  return match === null ? null : (match[1] ?? '');
}

function actionFor(methods: HttpMethods, method: string): HttpAction | null {
  const name = method === 'HEAD' ? 'GET' : method;
  // The method is the client's text: `constructor` is none.
  return Object.hasOwn(methods, name) ? methods[name as keyof HttpMethods]! : null;
}

function allowed(methods: HttpMethods): string {
  return Object.keys(methods)
    .flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
    .join(', ');
}
