import { errorAnswer, type HttpAnswer, jsonAnswer } from '../http/http-routes.ts';
import { refusalStatuses } from './refusals.ts';
import { type Reply, replyText } from './replies.ts';

/** How many different messages are listed; each record's own is in its reply. */
const longestErrors = 10;

/** What is wrong with a body as a whole. */
export interface BodyFault {
  readonly status: number;
  readonly message: string;
}

/** The answer to a body: 204 when every record in it was recorded. `replies` are those of its records, in order. */
export function recordsAnswer(replies: readonly Reply[], fault: BodyFault | null): HttpAnswer {
  if (fault === null && replies.length === 0) return errorAnswer(400, 'no record in the body');
  if (fault === null && replies.every((reply) => reply.kind === 'ok')) return { status: 204, body: '' };
  const errors = new Set<string>(fault === null ? [] : [fault.message]);
  let status = fault?.status ?? 0;
  const texts: string[] = [];
  for (const reply of replies) {
    const text = replyText(reply);
    for (let record = 0; record < reply.records; record++) texts.push(text);
    if (reply.kind === 'ok' || reply.refusal === null) continue;
    const { code, message } = reply.refusal;
    status = Math.max(status, refusalStatuses[code]);
    if (errors.size < longestErrors) errors.add(message);
  }
  const { headers = {} } = jsonAnswer(status, null);
  // The replies are JSON already.
  return {
    status,
    headers,
    body: `{"errors":${JSON.stringify([...errors])},"replies":[${texts.join(',')}]}\n`,
  };
}
