import type { Clock } from '../clock.ts';

/** So long without another one, and it is over: what comes and goes faster is one trouble and not many. */
const quietMs = 10_000;

/** Something that has come, and is not over. */
export interface Spell {
  readonly since: number;
  last: number;
  count: number;
}

/** What comes once a record and is told once when it begins, and once, with its number, when it is over. */
export class Spells<Key> {
  readonly #clock: Clock;
  readonly #began: (key: Key, count: number) => void;
  readonly #ended: (key: Key, count: number, seconds: number) => void;
  readonly #spells = new Map<Key, Spell>();

  constructor(
    clock: Clock,
    began: (key: Key, count: number) => void,
    ended: (key: Key, count: number, seconds: number) => void,
  ) {
    this.#clock = clock;
    this.#began = began;
    this.#ended = ended;
  }

  /** So many more have come. */
  came(key: Key, count: number): void {
    if (count === 0) return;
    const now = this.#clock.now();
    const spell = this.#spells.get(key);
    if (spell === undefined) {
      this.#spells.set(key, { since: now, last: now, count });
      this.#began(key, count);
    } else {
      spell.last = now;
      spell.count += count;
    }
  }

  /** Ends what has been quiet for long. */
  look(): void {
    const latest = this.#clock.now() - quietMs;
    for (const [key, { last }] of this.#spells) if (last <= latest) this.end(key);
  }

  end(key: Key): void {
    const spell = this.#spells.get(key);
    if (spell === undefined) return;
    this.#spells.delete(key);
    this.#ended(key, spell.count, Number(((spell.last - spell.since) / 1000).toFixed(3)));
  }

  endAll(): void {
    for (const key of this.#spells.keys()) this.end(key);
  }
}
