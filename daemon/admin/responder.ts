import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { parseGoBoolean } from '../../config/go-boolean.ts';
import { errorAnswer, findHandler, type HttpAnswer } from '../http/http-routes.ts';
import type { HttpResponder } from '../http/http-server.ts';
import { type StatusSource, statusRoutes } from '../monitoring/status-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminAction, AdminRoute } from './admin-route.ts';
import { unsupportedOperation, unsupportedPath } from './answers.ts';
import { auditRoutes } from './audit.ts';
import { auditHashRoutes } from './audit-hash.ts';
import { mountsTuneRoutes } from './mounts-tune.ts';
import { readFields } from './request-body.ts';
import { requestHeaderRoutes } from './request-headers.ts';
import { serverStateRoutes } from './server-state.ts';

export interface AdminSources {
  readonly control: AdminControl;
  readonly status: StatusSource;
  /** Of this program. */
  readonly version: string;
}

/** Answers every call of the API, whoever sent it. */
export function adminResponder({ control, status, version }: AdminSources): HttpResponder {
  const monitoring = statusRoutes(status);
  const routes = [
    ...auditRoutes(control),
    ...auditHashRoutes(control),
    ...requestHeaderRoutes(control),
    ...mountsTuneRoutes(control),
    ...serverStateRoutes(version),
  ];
  return async (request) => {
    try {
      const target = parseTarget(request.url ?? '');
      const method = request.method ?? 'GET';
      if (monitoring.has(target.path)) {
        const found = findHandler(monitoring, method, target.path);
        return 'refusal' in found
          ? found.refusal
          : await found.handler(request, new URL(target.path, 'http://localhost'));
      }
      return await answerCall(routes, method, target, request);
    } catch (error) {
      if (error instanceof AdminRefused) return errorAnswer(error.status, error.message);
      throw error;
    }
  };
}

/**
 * The headers of a request with the verb LIST of Vault's API, which Node's parser does not know, from the bytes that
 * it refused; `null` for anything else. Nothing here has lists: whoever may call gets `unsupportedPath`.
 */
export function listHeaders(start: Buffer): IncomingHttpHeaders | null {
  const head = start.toString('latin1', 0, 8 * 1024).split('\r\n\r\n', 1)[0]!;
  if (!/^LIST \/[^ ]* HTTP\/1\.[01]\r\n/.test(head)) return null;
  const fields = [...head.matchAll(/^([!-9;-~]+):[ \t]*(.*?)[ \t]*\r?$/gm)];
  return Object.fromEntries(fields.map(([, name, value]) => [name!.toLowerCase(), value]));
}

interface Target {
  /** Decoded, and otherwise as it was sent: segments such as `..` are not resolved. */
  readonly path: string;
  readonly query: URLSearchParams;
}

function parseTarget(sent: string): Target {
  const at = sent.indexOf('?');
  const path = at === -1 ? sent : sent.slice(0, at);
  if (!path.startsWith('/')) throw new AdminRefused('the request target is not a path');
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(at === -1 ? '' : sent.slice(at)) };
  } catch {
    throw new AdminRefused('the request path has a percent sign that encodes nothing');
  }
}

async function answerCall(
  routes: readonly AdminRoute[],
  method: string,
  { path, query }: Target,
  request: IncomingMessage,
): Promise<HttpAnswer> {
  const list = method === 'GET' && parseGoBoolean(query.get('list') ?? '') === true;
  if (list) return unsupportedPath;
  const write = method === 'PUT' || method === 'POST';
  if (write && path.startsWith('/v1/') && path.endsWith('/')) {
    throw new AdminRefused("cannot write to a path ending in '/'");
  }
  for (const route of routes) {
    const match = route.path.exec(path);
    if (match === null) continue;
    const action = actionFor(route, method);
    if (action === undefined) return unsupportedOperation;
    return action({ name: match[1] ?? '', query, fields: () => readFields(request) });
  }
  return unsupportedPath;
}

function actionFor(route: AdminRoute, method: string): AdminAction | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return route.read;
    case 'PUT':
    case 'POST':
      return route.write;
    case 'DELETE':
      return route.remove;
    default:
      return undefined;
  }
}
