import { shownUri } from '../config/hidden-credentials.ts';
import { connectionFault } from './connection-fault.ts';

/** Where a daemon answers. */
export type HttpPeer =
  | { readonly socket: string }
  | {
      /** `http:` or `https:`; its path is not used. */
      readonly url: URL;
      /** PEM of the authority that signed the daemon's certificate; `null` for those that Node knows. */
      readonly ca: string | null;
      /** `null` where none is asked for. */
      readonly token: string | null;
    };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Goes out as JSON; `undefined` for none. */
  readonly body?: unknown;
  /** Where the path is looked for; empty, or left out, for the root. */
  readonly namespace?: string;
  readonly patienceMs: number;
}

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

/** A thousand devices with long error messages. */
const longestBody = 4 * 1024 * 1024;

/** Asks once, on a connection of its own. Rejects with what `callFault` explains. */
export async function httpCall(
  peer: HttpPeer,
  { method, path, body, namespace = '', patienceMs }: HttpRequest,
): Promise<HttpReply> {
  const content = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const options = {
    ...target(peer),
    method,
    path,
    agent: false as const,
    signal: AbortSignal.timeout(patienceMs),
    headers: {
      ...('url' in peer && peer.token !== null && { 'X-Vault-Token': peer.token }),
      // In UTF-8, as every client of Vault sends it: Node takes one byte a character.
      ...(namespace !== '' && { 'X-Vault-Namespace': Buffer.from(namespace).toString('latin1') }),
      ...(content !== null && { 'Content-Type': 'application/json', 'Content-Length': content.length }),
    },
  };
  // Loaded here: every command would start later for it.
  const { request } =
    'url' in peer && peer.url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const call = request(options);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length > longestBody) response.destroy(new Error('too long'));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    call.on('error', reject);
    call.end(content ?? undefined);
  });
}

function target(peer: HttpPeer): { socketPath: string } | { host: string; port: string; ca?: string } {
  if ('socket' in peer) return { socketPath: peer.socket };
  const { url, ca } = peer;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, ...(ca !== null && { ca }) };
}

/** How a message names it. */
export function peerName(peer: HttpPeer): string {
  return 'url' in peer ? shownUri(peer.url.href) : peer.socket;
}

/** Why a call got no answer, in words that fit after a colon. */
export function callFault(error: unknown, patienceMs: number): string {
  const late = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
  return late ? `no answer within ${patienceMs / 1000} s` : connectionFault(error);
}
