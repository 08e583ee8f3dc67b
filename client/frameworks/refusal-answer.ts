import type { Replacement } from './held-response.ts';

/** What the caller learns when a record could not be kept: nothing of devices, nor of the response that it does not get. */
export function refusalAnswer(type: 'request' | 'response', code: string): Replacement {
  const message =
    type === 'request'
      ? 'The request was not carried out, because it could not be recorded: try again later'
      : 'The request was carried out, but its response could not be recorded and is withheld';
  return {
    status: 503,
    headers: {
      'retry-after': '1',
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: JSON.stringify({ error: 'not_audited', record: type, code, message }),
  };
}
