import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Client } from '../client.ts';
import { Audit } from './audit.ts';
import type { AuditCounters } from './counters.ts';
import { Exchange } from './exchange.ts';
import type { RequestView } from './exchange-records.ts';
import { pathOf } from './request-facts.ts';
import type { AuditOptions } from './settings.ts';
import { Tunnel } from './tunnel.ts';

export type { AuditCounters } from './counters.ts';
export type { AuditOptions, AuditRecordType, Unrecorded } from './settings.ts';

/** A listener of `node:http`. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A listener of the events `upgrade` and `connect`. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

export interface HttpAudit {
  /** The listener, called once a request is recorded; what it answers is sent once that is recorded. */
  listener(listener: Listener): (request: IncomingMessage, response: ServerResponse) => void;
  /** The same for the events `upgrade` and `connect`, whose connections become those of another protocol. */
  upgrade(listener: UpgradeListener): (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** A copy, as things are now. */
  readonly counters: Readonly<AuditCounters>;
}

/** Records the requests of a `node:http` server by a client of the sidecar. Throws a `TypeError` for options that cannot be used. */
export function auditHttp(client: Client, options: AuditOptions<IncomingMessage> = {}): HttpAudit {
  const audit = new Audit(client, options);
  return {
    listener(listener) {
      return (request, response) => {
        void serve(audit, listener, request, response);
      };
    },
    upgrade(listener) {
      return (request, socket, head) => {
        void pass(audit, listener, request, socket, head);
      };
    },
    get counters() {
      return audit.countersNow;
    },
  };
}

async function serve(
  audit: Audit<IncomingMessage>,
  listener: Listener,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const view = new HttpView(request);
  const route = audit.ask(() => audit.settings.route?.(request)) ?? undefined;
  let exchange: Exchange<IncomingMessage> | null = null;
  if (audit.leftOut.has(request.method, pathOf(view.url()), route)) audit.counters.leftOut++;
  else {
    exchange = new Exchange(audit, view, response);
    if (!(await exchange.admit())) return;
  }
  try {
    await listener(request, response);
  } catch (error) {
    audit.failed(error);
    exchange?.handlerFailed(error);
    endAfterFailure(response);
  }
}

async function pass(
  audit: Audit<IncomingMessage>,
  listener: UpgradeListener,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  if (!(await new Tunnel(audit, new HttpView(request), socket).admit())) return;
  try {
    await listener(request, socket, head);
  } catch (error) {
    audit.failed(error);
    socket.destroy();
  }
}

/** Nobody else would answer. */
function endAfterFailure(response: ServerResponse): void {
  if (response.headersSent) {
    // What was sent is not all there was to be.
    if (!response.writableEnded) response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(500, { 'content-type': 'application/json; charset=utf-8' });
  response.end('{"error":"internal_error"}');
}

class HttpView implements RequestView<IncomingMessage> {
  readonly message: IncomingMessage;

  constructor(message: IncomingMessage) {
    this.message = message;
  }

  get shown(): IncomingMessage {
    return this.message;
  }

  url(): string {
    return this.message.url ?? '/';
  }

  route(): undefined {
    return undefined;
  }

  body(): unknown {
    return (this.message as { body?: unknown }).body;
  }

  user(): unknown {
    return (this.message as { user?: unknown }).user;
  }
}
