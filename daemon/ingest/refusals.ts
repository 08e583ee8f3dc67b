/** Why a record is refused: what its client is told, and the status of an HTTP answer. */
export interface Refusal {
  readonly code: RefusalCode;
  /** May be shown to anyone: quotes nothing of the record. */
  readonly message: string;
}

/** The codes a client can receive (docs/errors.md), in the order in which the documents list them. */
export const refusalCodes = [
  'invalid_record',
  'too_large',
  'not_recorded',
  'no_device',
  'stopping',
  'overloaded',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** The HTTP statuses of the codes; of several the highest is answered. */
export const refusalStatuses: Readonly<Record<RefusalCode, number>> = {
  invalid_record: 400,
  too_large: 413,
  not_recorded: 503,
  no_device: 503,
  stopping: 503,
  overloaded: 503,
};

/** What each code says, given what is known of the case. */
export const refusals = {
  invalid_record: (problem: string, atByte: number): Refusal => ({
    code: 'invalid_record',
    message: `${problem} at byte ${atByte}`,
  }),
  too_large: (limitBytes: number): Refusal => ({
    code: 'too_large',
    message: `record is longer than max_record_bytes (${limitBytes})`,
  }),
  not_recorded: (explanation: string): Refusal => ({ code: 'not_recorded', message: explanation }),
  no_device: (): Refusal => ({ code: 'no_device', message: 'no device is enabled' }),
  stopping: (): Refusal => ({
    code: 'stopping',
    message: 'the daemon is stopping: reconnect and send it again',
  }),
  overloaded: (): Refusal => ({
    code: 'overloaded',
    message: 'unfinished records take more than total_bytes allows: send it again later',
  }),
  unfinished: (timeoutMs: number): Refusal => ({
    code: 'overloaded',
    message: `record did not end within record_timeout (${timeoutMs / 1000}s): send it again`,
  }),
};
