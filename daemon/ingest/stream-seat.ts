import type { Clock } from '../clock.ts';
import { ClientConnection } from './client-connection.ts';
import type { Seat } from './connection-places.ts';
import type { SilentConnection } from './silent-connection.ts';

/** The place of a client of a stream listener. */
export class StreamSeat implements Seat {
  readonly #connection: ClientConnection | SilentConnection;
  readonly #clock: Clock;
  #heardAt: number;

  constructor(connection: ClientConnection | SilentConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#heardAt = clock.now();
  }

  /** Its client has sent something. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  get idleSince(): number | null {
    return this.#connection.bytes === 0 ? this.#heardAt : null;
  }

  /** What a silent client has sent is not given up: it cannot be told. */
  get waitsSince(): number | null {
    if (!(this.#connection instanceof ClientConnection)) return this.idleSince;
    return this.#connection.bytes === this.#connection.stuckBytes ? this.#heardAt : null;
  }

  /** What a silent client may have sent at this moment is read to its end. */
  giveUp(): void {
    if (this.#connection instanceof ClientConnection) this.#connection.destroy();
    else void this.#connection.stop();
  }
}
