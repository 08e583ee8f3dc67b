import type { IncomingHttpHeaders } from 'node:http';
import { parseGoBoolean } from '../../config/go-boolean.ts';
import { type HttpRefusals, plainRefusals, routed } from '../http/http-router.ts';
import { errorAnswer, type HttpResponder } from '../http/http-routes.ts';
import { type StatusSource, statusRoutes } from '../monitoring/status-routes.ts';
import { type AdminControl, AdminRefused } from './admin-control.ts';
import { unsupportedOperation, unsupportedPath } from './answers.ts';
import { auditRoutes } from './audit.ts';
import { auditHashRoutes } from './audit-hash.ts';
import { mountsTuneRoutes } from './mounts-tune.ts';
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
  const respond = routed(
    [
      ...statusRoutes(status),
      ...auditRoutes(control),
      ...auditHashRoutes(control),
      ...requestHeaderRoutes(control),
      ...mountsTuneRoutes(control),
      ...serverStateRoutes(version),
    ],
    refusals,
  );
  return async (request) => {
    try {
      return await respond(request);
    } catch (error) {
      if (error instanceof AdminRefused) return errorAnswer(error.status, error.message);
      throw error;
    }
  };
}

/** Below `/v1/`, what Vault says; what else there is here are our own pages. */
const refusals: HttpRefusals = {
  beforehand({ method, path, query }) {
    if (!belongsToVault(path)) return null;
    if (method === 'GET' && parseGoBoolean(query.get('list') ?? '') === true) return unsupportedPath;
    const write = method === 'PUT' || method === 'POST';
    return write && path.endsWith('/') ? errorAnswer(400, "cannot write to a path ending in '/'") : null;
  },
  unknownPath: () => unsupportedPath,
  unknownMethod: (target, allowed) =>
    belongsToVault(target.path) ? unsupportedOperation : plainRefusals.unknownMethod(target, allowed),
};

function belongsToVault(path: string): boolean {
  return path.startsWith('/v1/');
}

/**
 * The headers of a request with the verb LIST of Vault's API, which Node's parser does not know, from the bytes that
 * it refused; `null` for anything else. Nothing here has lists: whoever may call gets `unsupportedPath`.
 */
export function listHeaders(start: Buffer): IncomingHttpHeaders | null {
  const [first, ...lines] = start
    .toString('latin1', 0, 8 * 1024)
    .split('\r\n\r\n', 1)[0]!
    .split('\r\n');
  if (!/^LIST \/[^ ]* HTTP\/1\.[01]$/.test(first!)) return null;
  const headers: IncomingHttpHeaders = {};
  // By hand: a pattern that also takes off the blanks around a value looks at a line of blanks again and again.
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
