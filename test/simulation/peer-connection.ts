import type { LostScope } from '../../devices/device.ts';
import type { Destination } from './destination.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** When the operating system notices that nobody is at the other end any more. */
const keepAliveMs = 150_000;

interface SentLine {
  readonly record: number;
  readonly bytes: number;
  readonly at: number;
}

/** What the daemon's side of a connection is told. */
export interface ConnectionEnds {
  readonly onRoom: () => void;
  readonly onLost: (scope: LostScope) => void;
}

/**
 * One connection to a peer, with the buffers of both operating systems. `broken`: the peer is gone and the sender
 * does not know yet; `dead`: the peer's host vanished without a word; `left`: the sender let go, what it has sent
 * still arrives.
 */
export class PeerConnection {
  readonly #world: World;
  readonly #destination: Destination;
  readonly #random: Random;
  readonly #ends: ConnectionEnds;
  readonly #lines: SentLine[] = [];
  #bytes = 0;
  #state: 'open' | 'broken' | 'dead' | 'left' | 'ended' = 'open';
  #reading = false;

  constructor(world: World, destination: Destination, random: Random, ends: ConnectionEnds) {
    this.#world = world;
    this.#destination = destination;
    this.#random = random;
    this.#ends = ends;
  }

  get dead(): boolean {
    return this.#state === 'dead';
  }

  get usable(): boolean {
    return this.#state === 'open' || this.#state === 'broken' || this.#state === 'dead';
  }

  /** Records the peer has not read. */
  get unread(): readonly number[] {
    return this.#lines.map((line) => line.record);
  }

  /** Takes the line when there is room for it. */
  send(record: number, bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#destination.settings.bufferBytes) return false;
    this.#destination.sent(record);
    this.#bytes += bytes;
    if (this.#state === 'broken') {
      this.#destination.lose(record);
      return true;
    }
    this.#lines.push({ record, bytes, at: this.#world.clock.now() });
    this.#readLater();
    return true;
  }

  #readLater(): void {
    const first = this.#lines[0];
    if (this.#reading || first === undefined) return;
    this.#reading = true;
    const { latencyMs, wireMs } = this.#destination.settings;
    const untilThere = Math.max(0, first.at + wireMs - this.#world.clock.now());
    const pause = this.#destination.trouble === 'slow' ? 400 : latencyMs;
    this.#world.after(untilThere + this.#random.between(0, pause), () => this.#read());
  }

  #read(): void {
    if (this.#destination.trouble === 'hang') {
      this.#destination.onTroubleChange(() => this.#read());
      return;
    }
    this.#reading = false;
    if (this.#lines.length === 0 || (this.#state !== 'open' && this.#state !== 'left')) return;
    this.#take(this.#random.whole(0, this.#reached));
    if (this.#state === 'open') this.#ends.onRoom();
    this.#readLater();
  }

  /** How many lines have reached the peer. */
  get #reached(): number {
    const { wireMs } = this.#destination.settings;
    const sentBy = this.#world.clock.now() - wireMs;
    const onTheWire = this.#lines.findIndex((line) => line.at > sentBy);
    return onTheWire === -1 ? this.#lines.length : onTheWire;
  }

  #take(count: number): void {
    for (const line of this.#lines.splice(0, count)) {
      this.#bytes -= line.bytes;
      this.#destination.arrived(line.record);
    }
  }

  /** The bytes still fill the sender's buffer, until it knows. */
  #loseRest(): void {
    for (const line of this.#lines.splice(0)) this.#destination.lose(line.record);
  }

  /** The peer's host vanishes: nothing arrives, and nobody is told until the operating system misses it. */
  vanish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'dead';
    this.#world.event(this.#destination.path, 'host vanishes');
    this.#world.after(keepAliveMs, () => {
      if (this.#state !== 'dead') return;
      this.#loseRest();
      this.#state = 'ended';
      this.#ends.onLost('all');
    });
  }

  /**
   * The peer goes away. In order: it has read what had reached it, and loses what is on the wire; it cannot go in
   * order while it reads nothing. Otherwise: it may have read anything up to a point. The sender hears
   * of it a little later.
   */
  breakOff(inOrder: boolean): void {
    if (this.#state !== 'open') return;
    const scope = inOrder && this.#destination.trouble !== 'hang' ? 'recent' : 'all';
    this.#take(scope === 'recent' ? this.#reached : this.#random.whole(0, this.#lines.length));
    this.#loseRest();
    this.#state = 'broken';
    this.#world.event(this.#destination.path, `connection ends: ${scope}`);
    const notice = this.#random.chance(0.5) ? 0 : this.#random.between(0, 300);
    this.#destination.newsUnderWay++;
    this.#world.after(notice, () => {
      this.#destination.newsUnderWay--;
      if (this.#state !== 'broken') return;
      this.#state = 'ended';
      this.#ends.onLost(scope);
    });
  }

  /** The sender lets go. What its operating system has is still delivered, unless `lossy` or nobody is there. */
  leave(lossy: boolean): void {
    // What a stop still wrote to a host that has vanished nobody can send again: the daemon is gone before it is known.
    if (this.#state === 'dead') for (const line of this.#lines) this.#destination.excused.add(line.record);
    if (this.#state === 'dead' || (lossy && this.#state === 'open')) this.#loseRest();
    this.#state = this.#state === 'open' ? 'left' : 'ended';
  }
}
