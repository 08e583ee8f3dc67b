import { visible } from '../../config/visible-text.ts';

/** Why a record is refused: what its client is told, and the status of an HTTP answer. */
export interface Refusal {
  readonly code: RefusalCode;
  /** May be shown to anyone: quotes nothing of the record but its id. */
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

/** Bounds what is remembered: a flood of records that are wrong at many places must not grow it. */
const mostKnown = 1_000;

const known = new Map<string, Refusal>();

/** The same object for the same words, so that a flood of equal refusals is one run, told by the same bytes. */
function refusal(code: RefusalCode, message: string): Refusal {
  const name = `${code} ${message}`;
  let found = known.get(name);
  if (found === undefined) {
    found = { code, message };
    if (known.size === mostKnown) known.clear();
    known.set(name, found);
  }
  return found;
}

/** What each code says, given what is known of the case. */
export const refusals = {
  invalid_record: (problem: string, atByte: number): Refusal =>
    refusal('invalid_record', `${problem} at byte ${atByte}`),
  too_large: (limitBytes: number, id: string): Refusal =>
    refusal(
      'too_large',
      `${id === '' ? 'record' : `record "${visible(id)}"`} is longer than max_record_bytes (${limitBytes})`,
    ),
  not_recorded: (explanation: string): Refusal => refusal('not_recorded', explanation),
  /** The thread that made the lines of a large record has died. */
  thread_lost: (): Refusal => refusal('not_recorded', 'the record could not be formatted: send it again'),
  never_settled: (): Refusal =>
    refusal(
      'not_recorded',
      'devices or rules changed each time the record was formatted: send it again later',
    ),
  no_device: (): Refusal => refusal('no_device', 'no device is enabled'),
  stopping: (): Refusal => refusal('stopping', 'the daemon is stopping: reconnect and send it again'),
  overloaded: (): Refusal =>
    refusal('overloaded', 'unfinished records take more than total_bytes allows: send it again later'),
  unfinished: (timeoutMs: number): Refusal =>
    refusal('overloaded', `record did not end within record_timeout (${timeoutMs / 1000}s): send it again`),
};
