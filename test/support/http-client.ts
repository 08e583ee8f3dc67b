import http from 'node:http';
import type { TestContext } from 'node:test';

export interface HttpAnswerRead {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** The body of an answer that is not 204. */
export interface RecordsAnswer {
  readonly errors: readonly string[];
  readonly replies: readonly { readonly ok: boolean; readonly code?: string; readonly message?: string }[];
}

/** Posts records as OpenBao's http device does: over one kept connection, no Content-Type, one request at a time. */
export class HttpRecordClient {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #place: http.RequestOptions;

  /** `place` is the path of a UNIX socket or `host:port`. */
  constructor(test: TestContext, place: string) {
    const [host = '', port = ''] = place.split(':');
    this.#place = place.includes('/') ? { socketPath: place } : { host, port };
    test.after(() => this.#agent.destroy());
  }

  request(options: http.RequestOptions, body: string | Buffer = ''): Promise<HttpAnswerRead> {
    return new Promise((resolve, reject) => {
      const request = http.request({ agent: this.#agent, ...this.#place, ...options }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      });
      request.on('error', reject);
      request.setHeader('Content-Length', Buffer.byteLength(body));
      request.end(body);
    });
  }

  /** The status, and the answer's body where it has one. */
  async post(body: string | Buffer): Promise<{ status: number; answer: RecordsAnswer | null }> {
    const { status, body: text } = await this.request({ method: 'POST', path: '/v1/records' }, body);
    return { status, answer: text === '' ? null : (JSON.parse(text) as RecordsAnswer) };
  }
}
