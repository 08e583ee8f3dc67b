import type { AuditRecordType } from './settings.ts';

/** What became of requests since the start; for the application's own metrics. */
export interface AuditCounters {
  /** Requests of which records were tried. */
  requests: number;
  /** Requests that `leaveOut` leaves out. */
  leftOut: number;
  /** Answered 503 in the application's place: it has not seen them. */
  refusedRequests: number;
  /** Answered 503 after the application had carried them out: their response records could not be kept. */
  refusedResponses: number;
  /** Records that are not known to be kept, whether or not the call went on. */
  unrecorded: Record<AuditRecordType, number>;
}

export function zeroAuditCounters(): AuditCounters {
  return {
    requests: 0,
    leftOut: 0,
    refusedRequests: 0,
    refusedResponses: 0,
    unrecorded: { request: 0, response: 0, response_end: 0 },
  };
}
