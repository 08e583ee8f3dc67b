import type { ApiAuth, ApiResource, ApiService } from '../api-record.ts';
import { unusable, wholeNumber } from '../unusable-option.ts';
import type { Refusal } from '../verdict.ts';

/** `response_end`: of a response whose record was written before its end was known. */
export type AuditRecordType = 'request' | 'response' | 'response_end';

/** A record that is not known to be kept. */
export interface Unrecorded extends Refusal {
  readonly type: AuditRecordType;
  readonly requestId: string;
  /** Whether the call went on all the same, because the client's `onRefusal` says so. */
  readonly proceed: boolean;
}

/** How requests are recorded; each has a default. `Request` is what the framework's own functions are given. */
export interface AuditOptions<Request> {
  /** In every record: which server this is. */
  readonly service?: ApiService;
  /** Health checks: paths or route templates of GET and HEAD requests that are not recorded; `*` at the end is the rest. */
  readonly leaveOut?: readonly string[];
  /** Longest body that is shown as data, in bytes, 65536; a longer one is told by size and digest. */
  readonly bodyBytes?: number;
  /** How long the first piece of a response is kept back for the rest to come, in milliseconds, 20. */
  readonly holdMs?: number;
  /** Which request headers are sent to the sidecar: `all`, where `audited_headers` decides, or those named. */
  readonly headers?: 'all' | readonly string[];
  /** Where `request.id` is from: `made` here, or the caller's header, if the callers can be trusted not to repeat one. */
  readonly requestId?: 'made' | 'x-request-id' | 'traceparent';
  /** Who acts; without it, `request.user`. */
  auth?(request: Request): ApiAuth | null | undefined;
  /** What is acted upon. */
  resource?(request: Request): ApiResource | null | undefined;
  tenant?(request: Request): string | null | undefined;
  /** Instead of the operation that the method stands for. */
  operation?(request: Request): string | null | undefined;
  /** Instead of the framework's route template. */
  route?(request: Request): string | null | undefined;
  /** Called for each record that is not known to be kept. */
  onUnrecorded?(unrecorded: Unrecorded): void;
  /** Called with what one of these functions or a bare `node:http` listener threw; without it, it is printed on stderr. */
  onError?(error: unknown): void;
}

export interface AuditSettings<Request> extends AuditOptions<Request> {
  readonly leaveOut: readonly string[];
  readonly bodyBytes: number;
  readonly holdMs: number;
  readonly headers: 'all' | readonly string[];
  readonly requestId: 'made' | 'x-request-id' | 'traceparent';
  onError(error: unknown): void;
}

const functions = ['auth', 'resource', 'tenant', 'operation', 'route', 'onUnrecorded', 'onError'] as const;
const others = ['service', 'leaveOut', 'bodyBytes', 'holdMs', 'headers', 'requestId'] as const;
const idSources = ['made', 'x-request-id', 'traceparent'] as const;

/** Throws a `TypeError` that names the option which cannot be used. */
export function auditSettings<Request>(options: AuditOptions<Request>): AuditSettings<Request> {
  for (const name of Object.keys(options)) {
    if (![...functions, ...others].includes(name as never)) {
      throw new TypeError(`Cannot use option "${name}": there are ${[...others, ...functions].join(', ')}`);
    }
  }
  for (const name of functions) {
    const value = options[name];
    if (value !== undefined && typeof value !== 'function') throw unusable(name, 'a function');
  }
  const { service, leaveOut = [], headers = 'all', requestId = 'made' } = options;
  if (service !== undefined && (typeof service !== 'object' || service === null))
    throw unusable('service', 'an object');
  if (!isTexts(leaveOut)) throw unusable('leaveOut', 'a list of paths');
  if (headers !== 'all' && !isTexts(headers)) throw unusable('headers', '"all" or a list of names');
  if (!idSources.includes(requestId)) throw unusable('requestId', idSources.join(', '));
  return Object.freeze({
    ...options,
    leaveOut,
    bodyBytes: wholeNumber('bodyBytes', options.bodyBytes ?? 64 * 1024, 0),
    holdMs: wholeNumber('holdMs', options.holdMs ?? 20, 0),
    headers: headers === 'all' ? headers : headers.map((name) => name.toLowerCase()),
    requestId,
    onError: options.onError ?? ((error: unknown) => console.error(error)),
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
