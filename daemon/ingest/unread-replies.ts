import type { Clock } from '../clock.ts';
import type { ClientSocket } from './client-socket.ts';

/** The replies that a client has not read yet, as far as the operating system has not taken them. */
export class UnreadReplies {
  readonly #socket: ClientSocket;
  readonly #clock: Clock;
  #since: number | null = null;
  #gone = false;

  constructor(socket: ClientSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  get bytes(): number {
    return this.#gone ? 0 : this.#socket.writableLength;
  }

  /** Since when there have been some all the time, in monotonic milliseconds; `null` when there are none. */
  get since(): number | null {
    return this.bytes === 0 ? null : this.#since;
  }

  write(lines: Buffer): void {
    if (this.bytes === 0) this.#since = this.#clock.now();
    this.#socket.write(lines);
  }

  /** The connection is closed. */
  forget(): void {
    this.#gone = true;
  }
}
