import type { World } from './world.ts';

/**
 * How lines get there: `file` loses nothing it reported; `stream` keeps lines in buffers that die with the
 * connection; `datagram` takes each line at once and none over its limit.
 */
export type Transport = 'file' | 'stream' | 'datagram';

/**
 * What is wrong there: `slow` and `hang` concern time alone, `failing` lets attempts end in errors after some
 * lines, `refusing` lets nobody in.
 */
export type Trouble = 'none' | 'slow' | 'hang' | 'failing' | 'refusing';

export interface DestinationSettings {
  readonly path: string;
  readonly transport: Transport;
  /** Bytes the buffers between a stream and its reader hold; 0 for the others. */
  readonly bufferBytes: number;
  /** Milliseconds that a line is under way to it. */
  readonly wireMs: number;
  /** Longest line it takes. */
  readonly maxLineBytes: number;
  /** Longest time, in milliseconds, that anything takes there without trouble. */
  readonly latencyMs: number;
}

/** A file, or a peer with its log: what is outside the daemon and outlives it. Records are known by number. */
export class Destination {
  readonly settings: DestinationSettings;
  /** What a reader of the destination finds, in order, duplicates included. */
  readonly log: number[] = [];
  /** Lost on the way after the daemon's operating system had taken them, and not taken again since. */
  readonly lost: Set<number> = new Set();
  /** Lost when no daemon was left that could send them again: no program can keep those. */
  readonly excused: Set<number> = new Set();
  /** Broken connections whose senders do not know yet. */
  newsUnderWay = 0;
  readonly #world: World;
  readonly #logged = new Set<number>();
  /** How many copies are on their way. */
  readonly #underWay = new Map<number, number>();
  /** Whose write has ended well, at least once. */
  readonly #reported = new Set<number>();
  /** Lost in a write of which the daemon knows that its connection broke: it must not call them recorded. */
  readonly #brokenOff = new Set<number>();
  #trouble: Trouble = 'none';
  #waiting: (() => void)[] = [];
  /** Half a line is at the end of the file, until somebody ends it. */
  #torn = false;
  #turns: ((end: () => void) => void)[] = [];
  #turnTaken = false;

  constructor(world: World, settings: DestinationSettings) {
    this.#world = world;
    this.settings = settings;
  }

  get path(): string {
    return this.settings.path;
  }

  get trouble(): Trouble {
    return this.#trouble;
  }

  setTrouble(trouble: Trouble): void {
    this.#trouble = trouble;
    this.#world.event(this.path, trouble);
    for (const callback of this.#waiting.splice(0)) callback();
  }

  /** Calls back once, when the trouble changes. */
  onTroubleChange(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** Whether anything is still on its way, be it the news that a connection is gone. */
  get busy(): boolean {
    return this.#underWay.size > 0 || this.newsUnderWay > 0;
  }

  has(record: number): boolean {
    return this.#logged.has(record);
  }

  /** Whether it took the record: has it, or it is on its way, or was lost there so that the daemon has to send it again. */
  took(record: number): boolean {
    if (this.has(record) || this.#underWay.has(record)) return true;
    return (this.lost.has(record) || this.excused.has(record)) && !this.#brokenOff.has(record);
  }

  /** A write of the records ended: well, or because the connection broke. */
  writeEnded(records: readonly number[], well: boolean): void {
    for (const record of records) {
      if (well) this.#reported.add(record);
      else if (!this.#reported.has(record)) this.#brokenOff.add(record);
    }
  }

  /** The daemon that wrote to it is gone, and with it what was kept to be sent again. */
  excuse(): void {
    for (const record of this.lost) this.excused.add(record);
    this.lost.clear();
  }

  append(record: number): void {
    if (this.#torn)
      this.#world.violated('whole lines', `record ${record} is glued to half a line in ${this.path}`);
    this.log.push(record);
    this.#logged.add(record);
    this.lost.delete(record);
  }

  /** The devices of one process that have this file open take turns, as real ones do. */
  inTurn(begin: (end: () => void) => void): void {
    this.#turns.push(begin);
    if (!this.#turnTaken) this.#nextTurn();
  }

  /** The process is gone, and with it all that waited. */
  forgetTurns(): void {
    this.#turns = [];
    this.#turnTaken = false;
  }

  #nextTurn(): void {
    const begin = this.#turns.shift();
    this.#turnTaken = begin !== undefined;
    begin?.(() => this.#nextTurn());
  }

  tear(): void {
    this.#torn = true;
  }

  endHalfLine(): void {
    this.#torn = false;
  }

  sent(record: number): void {
    this.#underWay.set(record, (this.#underWay.get(record) ?? 0) + 1);
    this.lost.delete(record);
    this.#brokenOff.delete(record);
  }

  arrived(record: number): void {
    this.#left(record);
    this.append(record);
  }

  lose(record: number): void {
    this.#left(record);
    if (!this.#logged.has(record) && !this.#underWay.has(record)) this.lost.add(record);
  }

  #left(record: number): void {
    const copies = this.#underWay.get(record) ?? 0;
    if (copies > 1) this.#underWay.set(record, copies - 1);
    else this.#underWay.delete(record);
  }
}
