import { type Lines, sliceLines } from '../../format/lines.ts';
import { type Device, DeviceFailure, type WriteOutcome } from '../device.ts';
import { abortedFailure } from '../failure-reasons.ts';
import type { PeerBounds } from '../peer-bounds.ts';
import { boundLookup, refuseAddress } from '../transport/bound-lookup.ts';
import { loadTls, type TlsOptions } from '../transport/tls-options.ts';
import { type Header, type HeaderSource, readHeaders } from './headers.ts';
import { PostClient } from './post-client.ts';
import type { PostTarget } from './target.ts';

export interface HttpDeviceOptions {
  readonly target: PostTarget;
  readonly headers: readonly HeaderSource[];
  /** Sent unless `headers` has one. */
  readonly contentType: string;
  /** Many lines in a body, or one. */
  readonly batch: boolean;
  readonly tls: TlsOptions | null;
}

/** RFC 9110, section 15.5.14. */
const contentTooLarge = 413;

/** Posts lines to an HTTP server. A line is recorded when the server has said so: none is lost on the way. */
export class HttpDevice implements Device {
  readonly tailBytes = 0;
  readonly #options: HttpDeviceOptions;
  readonly #bounds: PeerBounds | null;
  #state: { readonly kind: 'unready' | 'closed' } | { readonly kind: 'ready'; readonly client: PostClient } =
    {
      kind: 'unready',
    };

  /** `bounds`: `null` for the operator's own device. */
  constructor(options: HttpDeviceOptions, bounds: PeerBounds | null) {
    this.#options = options;
    this.#bounds = bounds;
  }

  async open(signal: AbortSignal): Promise<void> {
    if (this.#state.kind === 'unready') await this.reopen(signal);
  }

  /** Reads headers and certificates anew; the connection comes with the next record. */
  async reopen(signal: AbortSignal): Promise<void> {
    const { target, headers, tls, contentType } = this.#options;
    const action = `Cannot post to "${target.shown}"`;
    if (signal.aborted) throw abortedFailure(action);
    const peer = { kind: 'tcp', host: target.host, port: target.port } as const;
    refuseAddress(this.#bounds, peer, action);
    const lookup = boundLookup(this.#bounds, peer, action);
    const read = await readHeaders(headers);
    const secure = tls === null ? null : await loadTls(tls);
    if (this.#state.kind === 'closed') return;
    this.#letGo('unready');
    const client = new PostClient(target, withType(read, contentType), secure, lookup);
    this.#state = { kind: 'ready', client };
  }

  async write(lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const state = this.#state;
    if (state.kind !== 'ready') {
      const message = `Cannot post to "${this.#options.target.shown}": the device is not open`;
      return { settled: 0, refused: [], failure: new DeviceFailure('closed', message) };
    }
    const outcome = await this.#post(state.client, lines, signal);
    // The next open reads headers and certificates again: a token that was refused may have been renewed.
    if (outcome.failure !== null && this.#state === state) this.#letGo('unready');
    return outcome;
  }

  async close(): Promise<void> {
    this.#letGo('closed');
  }

  #letGo(next: 'unready' | 'closed'): void {
    if (this.#state.kind === 'ready') this.#state.client.close();
    this.#state = { kind: next };
  }

  async #post(client: PostClient, lines: Lines, signal: AbortSignal): Promise<WriteOutcome> {
    const count = lines.ends.length;
    const refused: number[] = [];
    const atOnce = this.#options.batch ? count : 1;
    let settled = 0;
    let size = atOnce;
    while (settled < count) {
      const next = Math.min(settled + size, count);
      let status: number;
      try {
        status = await client.post(sliceLines(lines, settled, next).bytes, signal);
      } catch (error) {
        return { settled, refused, failure: error as DeviceFailure };
      }
      if (status >= 200 && status < 300) {
        settled = next;
      } else if (status !== contentTooLarge) {
        return { settled, refused, failure: this.#rejected(status) };
      } else if (next - settled > 1) {
        // One line is too large, or all together are: halving finds out which.
        size = Math.ceil((next - settled) / 2);
      } else {
        refused.push(settled);
        settled = next;
        size = atOnce;
      }
    }
    return { settled, refused, failure: null };
  }

  #rejected(status: number): DeviceFailure {
    const what = status >= 300 && status < 400 ? ': a redirect is not followed' : '';
    return new DeviceFailure(
      'rejected',
      `Cannot post to "${this.#options.target.shown}": answered with status ${status}${what}`,
    );
  }
}

function withType(headers: readonly Header[], contentType: string): readonly Header[] {
  const given = headers.some(({ name }) => name.toLowerCase() === 'content-type');
  return given ? headers : [{ name: 'Content-Type', values: [contentType] }, ...headers];
}
