import type { Surroundings, Wire, WireEvents } from '../../client/surroundings.ts';
import type { Random } from '../simulation/random.ts';
import type { VirtualClock } from '../simulation/virtual-clock.ts';

/** What a program timer may be late, and what a close takes. */
export const graceMs: number = 5;

const kept = '{"ok":true}';
const refused = '{"ok":false,"code":"not_recorded","message":"blocked"}';
const stopping = '{"ok":false,"code":"stopping","message":"draining"}';

/** Lines that the system takes before a sidecar that does not read has to. */
const bufferedLines = 20;

/** What the client has promised, as far as the other side can see it. */
export interface Contract {
  readonly deadlineMs: number;
  /** Records without a reply on one connection, at most. */
  readonly window: number;
  /** Whether the record's caller has its verdict. */
  hasHeard(record: number): boolean;
  /** Whether the client may end its connection for no other reason. */
  isClosing(): boolean;
}

interface Connection {
  readonly events: WireEvents;
  /** Written by the client, and not dealt with. */
  readonly arrivals: number[];
  /** When each record was written whose reply the client has not read. */
  readonly owed: number[];
  /** The record that was written last. */
  last: number;
  /** Replies that come later, the first of them perhaps without its beginning. */
  held: string;
  /** The beginning of a reply that the client has read. */
  unread: string;
  /** The client was told that there is no more room. */
  full: boolean;
  alive: boolean;
  busy: boolean;
  /** It has turned a record away, or answered nonsense: none that came later is recorded. */
  spoilt: boolean;
  /** The client has read that it takes no more. */
  seenSpoilt: boolean;
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
  /** Records that are in a log. */
  readonly log: Set<number> = new Set();
  /** Records that were answered, by what was said of them. */
  readonly said: Readonly<Record<'ok' | 'not_recorded' | 'stopping', Set<number>>> = {
    ok: new Set(),
    not_recorded: new Set(),
    stopping: new Set(),
  };
  /** What the client has done against its contract. */
  readonly faults: string[] = [];
  readonly #contract: Contract;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  #condition: Condition = 'serving';
  #connections: Connection[] = [];

  constructor(clock: VirtualClock, random: Random, contract: Contract) {
    this.#contract = contract;
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
    for (const connection of this.#connections) {
      // A reply to nothing, whose reader cannot take it for that to a record.
      if (condition === 'babbling' && connection.owed.length === 0) {
        connection.spoilt = true;
        this.#deliver(connection, `${kept}\n`);
      } else this.#goOn(connection);
    }
    // It drains for a while, and then the process is gone.
    if (condition === 'stopping') {
      this.#clock.setTimer(this.#random.between(0, 50), () => {
        if (this.#condition === 'stopping') this.become('gone');
      });
    }
  }

  /** A new process listens, whatever the last one did. */
  restart(): void {
    this.become('gone');
    this.become('serving');
  }

  #breakAll(): void {
    const broken = this.#connections;
    this.#connections = [];
    for (const connection of broken) {
      connection.alive = false;
      // A process that is killed may have recorded what it never answered.
      const recorded = connection.spoilt ? 0 : this.#random.below(connection.arrivals.length + 1);
      for (const record of connection.arrivals.slice(0, recorded)) this.log.add(record);
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
      owed: [],
      last: -1,
      held: '',
      unread: '',
      full: false,
      alive: false,
      busy: false,
      spoilt: false,
      seenSpoilt: false,
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
        this.#watchWrite(connection, Number(request.id));
        if (!connection.alive) return true;
        arrivals.push(Number(request.id));
        connection.owed.push(this.#clock.now());
        this.#goOn(connection);
        connection.full = arrivals.length >= bufferedLines;
        return !connection.full;
      },
      destroy: () => {
        destroyed = true;
        this.#watchEnd(connection);
        connection.alive = false;
        this.#connections = this.#connections.filter((each) => each !== connection);
        // What was sent before may still be read.
        const recorded = connection.spoilt ? 0 : this.#random.below(arrivals.length + 1);
        for (const record of arrivals.slice(0, recorded)) this.log.add(record);
      },
    };
  }

  #watchWrite(connection: Connection, record: number): void {
    const { owed, last, seenSpoilt } = connection;
    const { window, deadlineMs, hasHeard } = this.#contract;
    // On every connection: a log can have more gaps than that, because a record that was refused may be kept the next time.
    if (record <= last) this.faults.push(`record ${record} was written after ${last}`);
    for (let skipped = last + 1; skipped < record; skipped++) {
      if (!hasHeard(skipped)) this.faults.push(`record ${record} was written before ${skipped}`);
    }
    connection.last = record;
    if (hasHeard(record)) this.faults.push(`record ${record} was written after its verdict`);
    if (owed.length >= window) this.faults.push(`${owed.length} records are under way, wanted ${window}`);
    if (seenSpoilt) this.faults.push(`record ${record} was written to a sidecar that takes no more`);
    const stalledMs = this.#clock.now() - (owed[0] ?? this.#clock.now());
    if (stalledMs > deadlineMs + graceMs)
      this.faults.push(`record ${record} was written ${stalledMs} ms into a stall`);
  }

  #watchEnd({ alive, owed, seenSpoilt }: Connection): void {
    const { deadlineMs, isClosing } = this.#contract;
    if (!alive || seenSpoilt || isClosing()) return;
    const stalledMs = this.#clock.now() - (owed[0] ?? Number.POSITIVE_INFINITY);
    if (!(stalledMs >= deadlineMs)) this.faults.push('a connection was ended that was sound');
  }

  /** Deals with the next line in a while. */
  #goOn(connection: Connection): void {
    const idle = connection.arrivals.length === 0 && connection.held === '';
    if (connection.busy || this.#condition === 'mute' || idle) return;
    connection.busy = true;
    this.#clock.setTimer(this.#random.between(0, 4), () => {
      connection.busy = false;
      if (!connection.alive || this.#condition === 'mute') return;
      this.#answer(connection);
      if (connection.full && connection.arrivals.length < bufferedLines / 2) {
        connection.full = false;
        connection.events.drained();
      }
      this.#goOn(connection);
    });
  }

  /** Some replies, cut anywhere; what is cut off comes at once, or later. */
  #answer(connection: Connection): void {
    let text = connection.held;
    connection.held = '';
    if (connection.arrivals.length > 0) {
      connection.spoilt ||= this.#condition === 'stopping' || this.#condition === 'babbling';
      const count = 1 + this.#random.below(connection.arrivals.length);
      for (const record of connection.arrivals.splice(0, count)) text += this.#reply(record);
    }
    const cut = this.#random.below(text.length + 1);
    this.#deliver(connection, text.slice(0, cut));
    if (this.#random.chance(0.5)) connection.held = text.slice(cut);
    else this.#deliver(connection, text.slice(cut));
  }

  #deliver(connection: Connection, text: string): void {
    if (text === '') return;
    const lines = (connection.unread + text).split('\n');
    connection.unread = lines.pop()!;
    const settled = lines.filter((line) => line === kept || line === refused);
    connection.seenSpoilt ||= settled.length < lines.length || lines.length > connection.owed.length;
    connection.owed.splice(0, lines.length);
    connection.events.read(Buffer.from(text));
  }

  #reply(record: number): string {
    if (this.#condition === 'stopping') {
      this.said.stopping.add(record);
      return `${stopping}\n`;
    }
    if (this.#condition === 'babbling') return this.#random.chance(0.5) ? 'HTTP/1.1 400 Bad\n' : '{"ok":1}\n';
    // In time or not, it may be in a log.
    const isRefused = this.#condition === 'refusing' && this.#random.chance(0.8);
    if (!isRefused || this.#random.chance(0.5)) this.log.add(record);
    this.said[isRefused ? 'not_recorded' : 'ok'].add(record);
    return `${isRefused ? refused : kept}\n`;
  }
}
