import net from 'node:net';
import { performance } from 'node:perf_hooks';

/** Between two records of an API server that is used moderately. */
const pauseMs = 20;

/** Every so many records one is large. */
const largeEvery = 100;
const large = 'x'.repeat(2 * 1024 * 1024);

/** What became of the records of a client that does nothing wrong. */
export interface GoodReport {
  readonly sent: number;
  readonly ok: number;
  /** The first replies that were not `ok`, as they came. */
  readonly refusals: readonly string[];
  /** How often the daemon ended the connection. */
  readonly thrownOut: number;
  /** From a record's write to its reply, in milliseconds, ascending. */
  readonly latencies: readonly number[];
  /** `request.id` of each record that was answered `ok`. */
  readonly ids: readonly string[];
}

/** One API server that sends a record, waits for its reply, and sends the next. */
export class GoodClient {
  readonly #path: string;
  readonly #name: string;
  #socket: net.Socket | null = null;
  #text = '';
  #reply: ((line: string | null) => void) | null = null;
  #sent = 0;
  #thrownOut = 0;
  readonly #ids: string[] = [];
  readonly #refusals: string[] = [];
  readonly #latencies: number[] = [];

  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  /** Sends records until the signal is aborted, and waits for the last reply. */
  async run(signal: AbortSignal): Promise<GoodReport> {
    while (!signal.aborted) {
      await this.sendOne();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return this.end();
  }

  async sendOne(): Promise<void> {
    const socket = this.#socket ?? (await this.#connect());
    const id = `${this.#name}-${this.#sent++}`;
    const filler = this.#sent % largeEvery === 0 ? large : 'x'.repeat(1000);
    const record = { type: 'request', request: { id, data: { filler } } };
    const begun = performance.now();
    const line = await new Promise<string | null>((resolve) => {
      this.#reply = resolve;
      socket.write(`${JSON.stringify(record)}\n`);
    });
    this.#latencies.push(performance.now() - begun);
    if (line === '{"ok":true}') this.#ids.push(id);
    else if (this.#refusals.length < 5) this.#refusals.push(line ?? 'no reply: the connection was closed');
  }

  end(): GoodReport {
    this.#socket?.destroy();
    return {
      sent: this.#sent,
      ok: this.#ids.length,
      refusals: this.#refusals,
      thrownOut: this.#thrownOut,
      latencies: this.#latencies.sort((one, other) => one - other),
      ids: this.#ids,
    };
  }

  async #connect(): Promise<net.Socket> {
    const socket = net.connect(this.#path);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
      const end = this.#text.indexOf('\n');
      if (end === -1) return;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#answer(line);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#text = '';
      this.#thrownOut++;
      this.#answer(null);
    });
    this.#socket = socket;
    return socket;
  }

  #answer(line: string | null): void {
    const reply = this.#reply;
    this.#reply = null;
    reply?.(line);
  }
}
