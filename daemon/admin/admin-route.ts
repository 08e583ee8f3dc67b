import type { HttpRoute } from '../http/http-routes.ts';

/** A resource of the API, with what `bao path-help` prints of it. */
export interface AdminRoute extends HttpRoute {
  /** The path as people write it, with `:name` for what it captures. */
  readonly shown: string;
  readonly about: string;
}
