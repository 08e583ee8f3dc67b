import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { fieldsAsJson } from './fields.ts';

/** What a request says of itself before its body comes; taken once, because frameworks change the request on its way. */
export interface RequestFacts {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The query's fields as JSON; `null` without a query. */
  readonly query: string | null;
  readonly host: string | undefined;
  readonly protocol: string;
  readonly remote_address: string | undefined;
  readonly remote_port: number | undefined;
  readonly forwarded_for: string | undefined;
  readonly user_agent: string | undefined;
  readonly traceparent: string | undefined;
  /** As declared; what came is seen later. */
  readonly bytes: number | undefined;
  readonly headers: Readonly<Record<string, readonly string[]>> | undefined;
}

export function requestFacts(
  request: IncomingMessage,
  url: string,
  idSource: 'made' | 'x-request-id' | 'traceparent',
  headers: 'all' | readonly string[],
): RequestFacts {
  const { path, query } = parted(url);
  const traceparent = validTraceparent(header(request, 'traceparent'));
  return {
    id: requestId(request, idSource, traceparent),
    method: request.method ?? 'GET',
    path,
    query: query === '' ? null : fieldsAsJson(query),
    host: header(request, 'host'),
    protocol: `HTTP/${request.httpVersion}`,
    remote_address: request.socket?.remoteAddress,
    remote_port: request.socket?.remotePort,
    forwarded_for: header(request, 'x-forwarded-for'),
    user_agent: header(request, 'user-agent'),
    traceparent,
    bytes: declaredBytes(header(request, 'content-length')),
    headers: headersToSend(request, headers),
  };
}

/** Of an URL, its path, and its query with its fragment. What a proxy is asked for can hold a password before the host. */
function parted(url: string): { path: string; query: string } {
  const end = url.search(/[?#]/);
  const place = end === -1 ? url : url.slice(0, end);
  const query = end === -1 ? '' : url.slice(end + 1).replaceAll('#', '&');
  const scheme = place.startsWith('/') ? -1 : place.indexOf('://');
  if (scheme === -1) return { path: place, query };
  const from = place.indexOf('/', scheme + 3);
  return { path: from === -1 ? '/' : place.slice(from), query };
}

export function pathOf(url: string): string {
  return parted(url).path;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function validTraceparent(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(text)
    ? text
    : undefined;
}

function requestId(
  request: IncomingMessage,
  source: 'made' | 'x-request-id' | 'traceparent',
  traceparent: string | undefined,
): string {
  if (source === 'traceparent') return traceparent ?? randomUUID();
  const given = source === 'x-request-id' ? header(request, 'x-request-id') : undefined;
  return given !== undefined && /^[\w.:@=+/-]{1,128}$/.test(given) ? given : randomUUID();
}

function declaredBytes(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function headersToSend(
  request: IncomingMessage,
  names: 'all' | readonly string[],
): Record<string, readonly string[]> | undefined {
  const all = request.headersDistinct ?? inLists(request.headers);
  if (names === 'all') return all as Record<string, readonly string[]>;
  const sent = names.filter((name) => all[name] !== undefined).map((name) => [name, all[name]!] as const);
  return sent.length === 0 ? undefined : Object.fromEntries(sent);
}

/** For requests that no server has read, such as those of Fastify's `inject`. */
function inLists(headers: IncomingMessage['headers']): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat()]));
}

const operations: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'read',
  HEAD: 'read',
  QUERY: 'read',
  PUT: 'update',
  PATCH: 'update',
  DELETE: 'delete',
  LIST: 'list',
};

/** What a method stands for, where the application does not say. */
export function operationOf(method: string): string {
  return operations[method] ?? method.toLowerCase();
}
