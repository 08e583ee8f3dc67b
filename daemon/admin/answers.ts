import { randomUUID } from 'node:crypto';
import { errorAnswer, type HttpAnswer, jsonAnswer } from '../http/http-routes.ts';

/** A call that changed something has nothing to say. */
export const done: HttpAnswer = Object.freeze({ status: 204, body: '' });

/** What was asked for, in the envelope of Vault's API: its fields stand at the top level and under `data`. */
export function enveloped(data: Readonly<Record<string, unknown>>): HttpAnswer {
  return jsonAnswer(200, { ...data, ...envelope(), data });
}

/** What surrounds every answer of Vault. */
export function envelope(): Readonly<Record<string, unknown>> {
  return {
    request_id: randomUUID(),
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: null,
    wrap_info: null,
    warnings: null,
    auth: null,
  };
}

// These two in the words that clients of Vault compare with.
export const unsupportedPath: HttpAnswer = errorAnswer(404, '1 error occurred:\n\t* unsupported path\n\n');
export const unsupportedOperation: HttpAnswer = errorAnswer(
  405,
  '1 error occurred:\n\t* unsupported operation\n\n',
);

export const permissionDenied: HttpAnswer = errorAnswer(403, 'permission denied');
