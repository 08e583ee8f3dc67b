import type { HttpAnswer } from '../http/http-routes.ts';
import type { JsonObject } from './json-text.ts';

/** One call of the API, as far as its route has to know it. */
export interface AdminCall {
  /** What the route's pattern captured of the decoded path; empty when it captures nothing. */
  readonly name: string;
  readonly query: URLSearchParams;
  /** The fields of the body. Rejects with `AdminRefused`. */
  readonly fields: () => Promise<JsonObject>;
}

/** Answers, or throws or rejects with `AdminRefused`. */
export type AdminAction = (call: AdminCall) => HttpAnswer | Promise<HttpAnswer>;

/** A resource of the API: the first whose pattern matches a path answers for it. */
export interface AdminRoute {
  readonly path: RegExp;
  /** GET */
  readonly read?: AdminAction;
  /** PUT and POST, which mean the same here. */
  readonly write?: AdminAction;
  /** DELETE */
  readonly remove?: AdminAction;
}
