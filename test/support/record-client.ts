import { once } from 'node:events';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { waitFor } from './wait-for.ts';
import { wholeLines } from './whole-lines.ts';

/** A client of a stream listener, as an API server would write one. */
export class RecordClient {
  readonly socket: net.Socket;
  #text = '';
  #ended = false;

  private constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
    });
    socket.on('end', () => {
      this.#ended = true;
    });
    socket.on('error', () => {
      this.#ended = true;
    });
  }

  static async connect(test: TestContext, path: string): Promise<RecordClient> {
    const socket = net.connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    test.after(() => socket.destroy());
    return new RecordClient(socket);
  }

  /** Replies that came so far, parsed. */
  get replies(): Reply[] {
    return wholeLines(this.#text).map((line) => JSON.parse(line) as Reply);
  }

  /** The daemon closed its side. */
  get ended(): boolean {
    return this.#ended;
  }

  send(...records: string[]): void {
    this.socket.write(records.map((record) => `${record}\n`).join(''));
  }

  /** Waits until there are `count` replies in all; gives them. */
  async replied(count: number): Promise<Reply[]> {
    await waitFor(`${count} replies`, () => this.#count() >= count || (this.#ended && this.#count() < count));
    return this.replies;
  }

  #count(): number {
    let count = 0;
    for (let at = this.#text.indexOf('\n'); at !== -1; at = this.#text.indexOf('\n', at + 1)) count++;
    return count;
  }
}

export interface Reply {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly id?: string;
  readonly type?: string;
  readonly devices?: Readonly<Record<string, string>>;
}
