import { errorAnswer, type HttpAnswer, jsonAnswer } from '../http/http-routes.ts';
import type { RefusalCode } from './refusals.ts';

/** The statuses of the codes; of several the highest is answered. */
export const refusalStatuses: Readonly<Record<RefusalCode, number>> = {
  invalid_record: 400,
  too_large: 413,
  not_recorded: 503,
  no_device: 503,
  stopping: 503,
};

/** How many different messages are listed; each record's own is in its reply. */
const longestErrors = 10;

/** How a refusal begins, as `refusal` writes it. */
const refused = '{"ok":false';

/**
 * The answer to a body: 204 when every record in it was recorded. `replies` are the reply lines of its records, in
 * order; `fault` is what is wrong with the body as a whole.
 */
export function recordsAnswer(
  replies: readonly Buffer[],
  fault: { readonly status: number; readonly message: string } | null,
): HttpAnswer {
  const text = Buffer.concat(replies).toString();
  if (fault === null && text === '') return errorAnswer(400, 'no record in the body');
  if (fault === null && !text.includes(refused)) return { status: 204, body: '' };
  const lines = text.split('\n').slice(0, -1);
  const errors = new Set<string>(fault === null ? [] : [fault.message]);
  let status = fault?.status ?? 0;
  for (const line of lines) {
    if (!line.startsWith(refused)) continue;
    const { code, message } = JSON.parse(line) as { code: RefusalCode; message: string };
    status = Math.max(status, refusalStatuses[code]);
    if (errors.size < longestErrors) errors.add(message);
  }
  const { headers = {} } = jsonAnswer(status, null);
  // The reply lines are JSON already.
  return {
    status,
    headers,
    body: `{"errors":${JSON.stringify([...errors])},"replies":[${lines.join(',')}]}\n`,
  };
}
