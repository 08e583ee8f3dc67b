import type { HttpPeer } from '../http-call.ts';
import { isObject } from '../json-shapes.ts';
import { callAdmin, foreignAnswer } from './admin-call.ts';

/** Below `/v1/sys/`. */
export const headersPath = 'config/auditing/request-headers';

/** Whether the values of each header are hashed, by name in lower case. Throws `CommandFailed`. */
export async function fetchHeaders(peer: HttpPeer): Promise<ReadonlyMap<string, { readonly hmac: boolean }>> {
  const { headers } = await callAdmin(peer, { method: 'GET', path: `/v1/sys/${headersPath}` });
  const found = isObject(headers) ? Object.entries(headers) : [['', undefined] as const];
  return new Map(
    found
      .map(
        ([name, header]) => [name, isHeader(header) ? { hmac: header.hmac } : foreignAnswer(peer)] as const,
      )
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** In a word, what becomes of a header's values. */
export function writtenAs({ hmac }: { readonly hmac: boolean }): 'hashed' | 'readable' {
  return hmac ? 'hashed' : 'readable';
}

function isHeader(value: unknown): value is { readonly hmac: boolean } {
  return isObject(value) && typeof value['hmac'] === 'boolean';
}
