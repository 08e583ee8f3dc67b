import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { DeviceFailure } from '../device.ts';
import { abortedFailure, codeOf, failureOf } from '../failure-reasons.ts';
import { connectTimeoutMs } from '../transport/stream.ts';
import type { Header } from './headers.ts';
import type { PostTarget } from './target.ts';

/** How much of an answer is read, so that the connection can be used again. Nobody looks at the content. */
const maxAnswerBytes = 64 * 1024;

/** How long the rest of an answer may take once its status is known. */
const answerRestMs = 1000;

/** Posts bodies to one place, one after another over one connection that is kept. */
export class PostClient {
  readonly #target: PostTarget;
  readonly #headers: readonly Header[];
  readonly #agent: http.Agent;
  readonly #action: string;
  readonly #lookup: LookupFunction | null;

  /**
   * `secure` has what TLS needs, and is `null` exactly for a target without it. `lookup` finds the host in place of the
   * system; `null`: the system does.
   */
  constructor(
    target: PostTarget,
    headers: readonly Header[],
    secure: ConnectionOptions | null,
    lookup: LookupFunction | null,
  ) {
    this.#target = target;
    this.#headers = headers;
    this.#lookup = lookup;
    this.#action = `Cannot post to "${target.shown}"`;
    const keep = { keepAlive: true, maxSockets: 1 };
    this.#agent = secure === null ? new http.Agent(keep) : new https.Agent({ ...keep, ...secure });
  }

  /**
   * Resolves with the status of the answer, whatever it is; redirects are not followed. Rejects with a
   * `DeviceFailure` when there is none, or when the signal is aborted before. Waits for the answer without end.
   */
  async post(body: Buffer, signal: AbortSignal): Promise<number> {
    try {
      return await this.#postOnce(body, signal);
    } catch (error) {
      // A peer may end an idle connection at the moment it is used again; that is no failure of the peer. Should it
      // have read the body all the same, it gets it twice.
      if (error !== staleConnection) throw error;
      return await this.#postOnce(body, signal);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #postOnce(body: Buffer, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return Promise.reject(abortedFailure(this.#action));
    return new Promise((resolve, reject) => {
      const request = this.#request(body.length);
      let timer: NodeJS.Timeout | null = null;
      let answered = false;
      const release = (): void => {
        if (timer !== null) clearTimeout(timer);
        signal.removeEventListener('abort', abort);
      };
      const fail = (error: unknown): void => {
        release();
        request.destroy();
        reject(error);
      };
      const abort = (): void => {
        // The status is known: only the rest of the answer is given up.
        if (answered) request.destroy();
        else fail(abortedFailure(this.#action));
      };
      signal.addEventListener('abort', abort, { once: true });
      request.on('error', (error) => {
        // The status stands, whatever becomes of the rest of the answer.
        if (answered) return;
        const stale = request.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
        fail(stale ? staleConnection : failureOf(this.#action, error));
      });
      request.on('close', () => {
        if (!answered) fail(new DeviceFailure('closed', `${this.#action}: the peer closed the connection`));
      });
      request.on('socket', (socket) => {
        timer = this.#connectTimer(socket, fail);
      });
      request.on('response', (response) => {
        answered = true;
        timer = setTimeout(() => response.destroy(), answerRestMs);
        const settle = (): void => {
          release();
          resolve(response.statusCode!);
        };
        drain(response, settle);
      });
      request.end(body);
    });
  }

  #request(length: number): http.ClientRequest {
    const { secure, host, port, path, auth } = this.#target;
    const options = {
      agent: this.#agent,
      method: 'POST',
      host,
      port,
      path,
      ...(auth !== null && { auth }),
      ...(this.#lookup !== null && { lookup: this.#lookup }),
    };
    const request = secure ? https.request(options) : http.request(options);
    for (const { name, values } of this.#headers) {
      // In place of what Node sends by itself, such as Host and the authorization of a URI: of two, each reader takes another.
      if (values.length > 0) request.setHeader(name, values);
    }
    request.setHeader('Content-Length', length);
    return request;
  }

  /** Linux alone would try for two minutes, while the lane's pauses between attempts are shorter. */
  #connectTimer(socket: Socket, fail: (error: DeviceFailure) => void): NodeJS.Timeout | null {
    if (!socket.connecting) return null;
    const timer = setTimeout(() => {
      const seconds = connectTimeoutMs / 1000;
      fail(new DeviceFailure('timeout', `${this.#action}: no connection within ${seconds} s`));
    }, connectTimeoutMs);
    socket.once(this.#target.secure ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    return timer;
  }
}

const staleConnection = new DeviceFailure('reset', 'Cannot post: an idle connection had ended');

/** Reads the answer to its end, or ends the connection when there is too much of it; then calls `ended`. */
function drain(response: http.IncomingMessage, ended: () => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) response.destroy();
  });
  response.on('error', () => {});
  response.on('close', ended);
}
