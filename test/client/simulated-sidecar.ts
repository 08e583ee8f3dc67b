import type { Surroundings, Wire, WireEvents } from '../../client/surroundings.ts';
import type { Random } from '../simulation/random.ts';
import type { VirtualClock } from '../simulation/virtual-clock.ts';

/** Lines that the system takes before a sidecar that does not read has to. */
const bufferedLines = 20;

interface Connection {
  readonly events: WireEvents;
  /** Written by the client, and not dealt with. */
  readonly arrivals: number[];
  /** The client was told that there is no more room. */
  full: boolean;
  alive: boolean;
  busy: boolean;
  /** It has turned a record away, or answered nonsense: none that came later is recorded. */
  spoilt: boolean;
}

/** `gone`: nobody listens. `mute`: it takes connections and reads nothing. */
type Condition = 'serving' | 'gone' | 'mute' | 'refusing' | 'stopping' | 'babbling';

export const conditions: readonly Condition[] = [
  'serving',
  'gone',
  'mute',
  'refusing',
  'stopping',
  'babbling',
];

/** A sidecar, and the network to it, on virtual time. Records are known by the number in `request.id`. */
export class SimulatedSidecar {
  /** Records that are in a log, in order, with repetitions. */
  readonly log: number[] = [];
  readonly #clock: VirtualClock;
  readonly #random: Random;
  #condition: Condition = 'serving';
  #connections: Connection[] = [];

  constructor(clock: VirtualClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** What the client sees of the world. */
  get surroundings(): Surroundings {
    return {
      now: () => this.#clock.now(),
      random: () => this.#random.next(),
      setTimer: (ms, _alive, callback) => this.#clock.setProgramTimer(ms, callback),
      dial: (_path, events) => this.#dial(events),
    };
  }

  become(condition: Condition): void {
    // Who stops does not think better of it.
    if (this.#condition === 'stopping' && condition !== 'gone') return;
    this.#condition = condition;
    if (condition === 'gone') this.#breakAll();
    for (const connection of this.#connections) this.#goOn(connection);
    // It drains for a while, and then the process is gone.
    if (condition === 'stopping') {
      this.#clock.setTimer(this.#random.between(0, 50), () => {
        if (this.#condition === 'stopping') this.become('gone');
      });
    }
  }

  #breakAll(): void {
    const broken = this.#connections;
    this.#connections = [];
    for (const connection of broken) {
      connection.alive = false;
      // A process that is killed may have recorded what it never answered.
      const recorded = connection.spoilt ? 0 : this.#random.below(connection.arrivals.length + 1);
      for (const record of connection.arrivals.slice(0, recorded)) this.log.push(record);
      this.#clock.setTimer(this.#random.between(0, 3), () => connection.events.gone());
    }
  }

  #dial(client: WireEvents): Wire {
    let destroyed = false;
    const events: WireEvents = {
      opened: () => client.opened(),
      read: (bytes) => {
        if (!destroyed) client.read(bytes);
      },
      drained: () => {
        if (!destroyed) client.drained();
      },
      gone: () => {
        if (destroyed) return;
        destroyed = true;
        client.gone();
      },
    };
    const arrivals: number[] = [];
    const connection: Connection = {
      events,
      arrivals,
      full: false,
      alive: false,
      busy: false,
      spoilt: false,
    };
    this.#clock.setTimer(this.#random.between(0, 3), () => {
      if (destroyed) return;
      if (this.#condition === 'gone') {
        events.gone();
        return;
      }
      connection.alive = true;
      this.#connections.push(connection);
      events.opened();
    });
    return {
      write: (line) => {
        const { request } = JSON.parse(line.toString()) as { request: { id: string } };
        if (!connection.alive) return true;
        arrivals.push(Number(request.id));
        this.#goOn(connection);
        connection.full = arrivals.length >= bufferedLines;
        return !connection.full;
      },
      destroy: () => {
        destroyed = true;
        connection.alive = false;
        this.#connections = this.#connections.filter((each) => each !== connection);
        // What was sent before may still be read.
        const recorded = connection.spoilt ? 0 : this.#random.below(arrivals.length + 1);
        for (const record of arrivals.slice(0, recorded)) this.log.push(record);
      },
    };
  }

  /** Deals with the next line in a while. */
  #goOn(connection: Connection): void {
    if (connection.busy || this.#condition === 'mute' || connection.arrivals.length === 0) return;
    connection.busy = true;
    this.#clock.setTimer(this.#random.between(0, 4), () => {
      connection.busy = false;
      if (!connection.alive || this.#condition === 'mute') return;
      this.#answer(connection, 1 + this.#random.below(connection.arrivals.length));
      if (connection.full && connection.arrivals.length < bufferedLines / 2) {
        connection.full = false;
        connection.events.drained();
      }
      this.#goOn(connection);
    });
  }

  /** Some replies in one read, cut anywhere. */
  #answer(connection: Connection, count: number): void {
    let text = '';
    connection.spoilt ||= this.#condition === 'stopping' || this.#condition === 'babbling';
    for (const record of connection.arrivals.splice(0, count)) text += this.#reply(record);
    const bytes = Buffer.from(text);
    const cut = this.#random.below(bytes.length + 1);
    connection.events.read(bytes.subarray(0, cut));
    if (cut < bytes.length) connection.events.read(bytes.subarray(cut));
  }

  #reply(record: number): string {
    if (this.#condition === 'stopping') return '{"ok":false,"code":"stopping","message":"draining"}\n';
    if (this.#condition === 'babbling') return this.#random.chance(0.5) ? 'HTTP/1.1 400 Bad\n' : '{"ok":1}\n';
    // In time or not, it may be in a log.
    const refused = this.#condition === 'refusing' && this.#random.chance(0.8);
    if (!refused || this.#random.chance(0.5)) this.log.push(record);
    return refused ? '{"ok":false,"code":"not_recorded","message":"blocked"}\n' : '{"ok":true}\n';
  }
}
