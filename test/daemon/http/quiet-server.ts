import { errorAnswer } from '../../../daemon/http/http-routes.ts';
import type { HttpServerOptions } from '../../../daemon/http/http-server.ts';

/** A plain server on a port of the system's choice that has nothing to say; a test names what it is about. */
export const quietServer: HttpServerOptions = {
  place: { kind: 'tcp', host: '127.0.0.1', port: 0 },
  key: 'metrics.listen',
  certificate: null,
  connections: { kind: 'own', most: 64 },
  requestMs: 30_000,
  respond: () => errorAnswer(404, 'nothing is here'),
  respondUnparsed: () => null,
  onError: () => {},
};
