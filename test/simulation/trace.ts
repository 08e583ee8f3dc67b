/**
 * What happened in a run. Always a hash, by which two runs of one seed are compared; the words only on demand, to
 * read a failing run.
 */
export class Trace {
  /** In words, oldest first; empty unless they were asked for. */
  readonly lines: string[] = [];
  readonly #inWords: boolean;
  #hash = 0x811c9dc5;

  constructor(inWords: boolean) {
    this.#inWords = inWords;
  }

  get hash(): number {
    return this.#hash >>> 0;
  }

  event(at: number, who: string, what: string, value = 0): void {
    this.#mix(Math.round(at * 1000));
    this.#mixText(who);
    this.#mixText(what);
    this.#mix(value);
    if (this.#inWords) this.lines.push(`${at.toFixed(3).padStart(12)} ${who} ${what} ${value}`);
  }

  #mixText(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }
}
