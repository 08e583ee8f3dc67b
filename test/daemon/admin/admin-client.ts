import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

/** Where an admin server is, and what is shown to it. */
export type AdminPlace =
  | { readonly socketPath: string; readonly headers?: http.OutgoingHttpHeaders }
  | {
      readonly host?: string;
      readonly port: number;
      readonly ca?: string;
      readonly headers?: http.OutgoingHttpHeaders;
    };

export interface AdminReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; `null` when it has none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of many shapes
  readonly body: any;
}

/** Calls the API once, on a connection of its own. A body of text or bytes goes out as it is, another one as JSON. */
export async function callAdmin(
  place: AdminPlace,
  method: string,
  path: string,
  body?: unknown,
): Promise<AdminReply> {
  const secure = 'ca' in place;
  const options = { host: '127.0.0.1', ...place, method, path, agent: false as const };
  const request = secure ? https.request(options) : http.request(options);
  // Node's client may complain of a large body after the answer; before it, the wait for the answer rejects.
  request.on('error', () => {});
  const plain = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  request.end(plain ? body : JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  const json = response.headers['content-type'] === 'application/json' && text !== '';
  return {
    status: response.statusCode!,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : null,
  };
}

/** Sends bytes as they are to a socket path or loopback port; resolves with all that comes back until the server hangs up. */
export async function exchangeBytes(place: string | number, bytes: string | Buffer): Promise<string> {
  const socket = typeof place === 'number' ? net.connect(place, '127.0.0.1') : net.connect(place);
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  // The server may hang up before all is sent.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(bytes);
  await closed;
  return text;
}
