/** First in, first out. Taking the first costs the same however many there are: `Array.shift` moves all that stay. */
export class Fifo<Value> {
  #values: Value[] = [];
  /** Values before this index are gone; the array is cut when they are the greater part. */
  #head = 0;

  get length(): number {
    return this.#values.length - this.#head;
  }

  /** Counted from the first that is there. */
  at(index: number): Value | undefined {
    return this.#values[this.#head + index];
  }

  get last(): Value | undefined {
    return this.#values.at(-1);
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  /** Puts values before all others, in the order given. */
  putBefore(values: readonly Value[]): void {
    this.#values = [...values, ...this.#values.slice(this.#head)];
    this.#head = 0;
  }

  /** Forgets the first. */
  shift(): void {
    this.#head++;
    if (this.#head === this.#values.length) {
      this.#values.length = 0;
      this.#head = 0;
    } else if (this.#head * 2 > this.#values.length) {
      this.#values.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** Gives back all of them and is empty. */
  takeAll(): Value[] {
    const values = this.#values.slice(this.#head);
    this.#values = [];
    this.#head = 0;
    return values;
  }
}
