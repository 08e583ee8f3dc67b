import type { IncomingHttpHeaders } from 'node:http';
import { parseGoBoolean } from '../../config/go-boolean.ts';
import { captured, type HttpRefusals, plainRefusals, routed, targetOf } from '../http/http-router.ts';
import { errorAnswer, type HttpAnswer, type HttpResponder } from '../http/http-routes.ts';
import { type StatusSource, statusRoutes } from '../monitoring/status-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import type { AdminRoute } from './admin-route.ts';
import { unsupportedOperation, unsupportedPath } from './answers.ts';
import { auditRoutes } from './audit.ts';
import { auditHashRoutes } from './audit-hash.ts';
import { auditSaltsRoutes } from './audit-salts.ts';
import { mountsTuneRoutes } from './mounts-tune.ts';
import { pathHelp } from './path-help.ts';
import { requestHeaderRoutes } from './request-headers.ts';
import { serverStateRoutes } from './server-state.ts';
import { tokenSelfRoutes } from './token-self.ts';

export interface AdminSources {
  readonly control: AdminControl;
  readonly status: StatusSource;
  /** Of this program. */
  readonly version: string;
}

export interface AdminResponder {
  /** Answers every call of the API, whoever sent it. */
  readonly respond: HttpResponder;
  /** Answers the verb LIST, which Node's parser does not know, for a target as it was sent. */
  readonly list: (target: string) => HttpAnswer;
}

export function adminResponder({ control, status, version }: AdminSources): AdminResponder {
  const routes = [
    ...auditRoutes(control),
    ...auditHashRoutes(control),
    ...auditSaltsRoutes(control),
    ...requestHeaderRoutes(control),
    ...mountsTuneRoutes(control),
    ...serverStateRoutes(version),
    ...tokenSelfRoutes,
  ];
  const respond = routed([...statusRoutes(status), ...routes], refusals(routes));
  return {
    async respond(request) {
      try {
        return await respond(request);
      } catch (error) {
        if (error instanceof AdminRefused) return errorAnswer(error.status, error.message);
        throw error;
      }
    },
    list(url) {
      const target = targetOf({ method: 'LIST', url });
      return 'status' in target ? target : listAnswer(routes, target.path);
    },
  };
}

/** Below `/v1/`, what Vault says; what else there is here are our own pages. */
function refusals(routes: readonly AdminRoute[]): HttpRefusals {
  return {
    beforehand({ method, path, query }) {
      if (!belongsToVault(path)) return null;
      if (method === 'GET' && isOn(query, 'help')) return pathHelp(routes, path);
      if (method === 'GET' && isOn(query, 'list')) return listAnswer(routes, path);
      const write = method === 'PUT' || method === 'POST';
      return write && path.endsWith('/') ? errorAnswer(400, "cannot write to a path ending in '/'") : null;
    },
    unknownPath: () => unsupportedPath,
    unknownMethod: (target, allowed) =>
      belongsToVault(target.path) ? unsupportedOperation : plainRefusals.unknownMethod(target, allowed),
  };
}

function isOn(query: URLSearchParams, name: string): boolean {
  return parseGoBoolean(query.get(name) ?? '') === true;
}

function belongsToVault(path: string): boolean {
  return path.startsWith('/v1/');
}

/** Vault reads what is listed as a path with a slash at its end, and has none such for these two. */
const unlisted: ReadonlySet<string> = new Set(['/v1/sys/audit', '/v1/sys/config/auditing/request-headers']);

/** Nothing here has lists: what there is below these paths is read with GET. */
function listAnswer(routes: readonly AdminRoute[], path: string): HttpAnswer {
  const asked = path.replace(/\/$/, '');
  const isLeaf = !unlisted.has(asked) && routes.some((route) => captured(route.path, asked) !== null);
  return isLeaf ? unsupportedOperation : unsupportedPath;
}

export interface ListRequest {
  /** As it was sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * A request with the verb LIST of Vault's API, which Node's parser does not know, from the bytes that it refused; `null`
 * for anything else.
 */
export function listRequest(start: Buffer): ListRequest | null {
  const [first, ...lines] = start
    .toString('latin1', 0, 8 * 1024)
    .split('\r\n\r\n', 1)[0]!
    .split('\r\n');
  const target = /^LIST (\/[^ ]*) HTTP\/1\.[01]$/.exec(first!)?.[1];
  if (target === undefined) return null;
  const headers: IncomingHttpHeaders = {};
  // By hand: a pattern that also takes off the blanks around a value looks at a line of blanks again and again.
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { target, headers };
}
