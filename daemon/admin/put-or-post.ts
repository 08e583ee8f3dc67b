import type { HttpAction, HttpMethods } from '../http/http-routes.ts';

/** Writing: the two methods mean the same here, as in Vault. */
export function putOrPost(action: HttpAction): HttpMethods {
  return { PUT: action, POST: action };
}
