import type { IncomingMessage } from 'node:http';

/** A request of Express, as far as it is read here; no package of types is needed for it. */
export interface ExpressRequest extends IncomingMessage {
  baseUrl: string | undefined;
  originalUrl: string;
  params: Record<string, string | string[]>;
  route?: { readonly path?: unknown };
  body?: unknown;
  user?: unknown;
}
