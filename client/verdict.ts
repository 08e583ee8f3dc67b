/**
 * Why a record is not known to be kept. The first six come from the sidecar (docs/errors.md), the others from here:
 *
 * - `unreachable`: its time passed before it could be sent;
 * - `unanswered`: its time passed without a reply, so it may be kept or not;
 * - `queue_full`: too many records wait already;
 * - `aborted`: the caller's signal was aborted before there was a reply;
 * - `closed`: the client was closed before there was a reply.
 */
export type RefusalCode =
  | 'invalid_record'
  | 'too_large'
  | 'not_recorded'
  | 'no_device'
  | 'stopping'
  | 'overloaded'
  | 'unreachable'
  | 'unanswered'
  | 'queue_full'
  | 'aborted'
  | 'closed';

/** A record that is not known to be kept. A later sidecar may know other codes than these. */
export interface Refusal {
  readonly code: RefusalCode | (string & {});
  /** For people; it never quotes the record. */
  readonly message: string;
}

/**
 * What became of a record. `ok`: the devices that the sidecar requires have it. Otherwise `proceed` says what was
 * decided for such a case: `false` means that the call which the record is about must be refused.
 */
export type Verdict =
  | { readonly ok: true; readonly proceed: true }
  | ({ readonly ok: false; readonly proceed: boolean } & Refusal);

export const recorded: Verdict = Object.freeze({ ok: true, proceed: true });
