import { joinLines, type Lines, lineStart, sliceLines } from '../../format/lines.ts';
import type { Batch, Outcome } from './batch.ts';

/**
 * What an entry costs beside its bytes (the objects around them). Counted against the bound, so that a flood of
 * tiny records cannot take many times the memory that was configured.
 */
const entryOverheadBytes = 512;

/** The lines of one batch that wait in a lane; or lines that are sent again, which nobody waits for. */
export interface LaneEntry {
  readonly lines: Lines;
  /** Null for lines that are sent again after a connection broke: their outcome is settled. */
  readonly batch: Batch | null;
  readonly slot: number;
  /** Record index in the batch of each line, where that is not the line's own index. */
  readonly records: Uint32Array | null;
  /** Monotonic milliseconds. */
  readonly arrival: number;
  /** Monotonic milliseconds at which lines that are sent again were sent first; null for those that were not yet. */
  readonly sentAt: number | null;
  /** Lines from the start that are settled. */
  done: number;
}

/** Gives lines `from` up to and without `to` of an entry their outcome. */
export function settleEntry(entry: LaneEntry, from: number, to: number, outcome: Outcome): void {
  if (entry.batch === null) return;
  if (entry.records === null) {
    entry.batch.settle(entry.slot, from, to, outcome);
    return;
  }
  for (let line = from; line < to; line++) {
    const record = entry.records[line]!;
    entry.batch.settle(entry.slot, record, record + 1, outcome);
  }
}

/** First in, first out, counted in bytes and records. */
export class LaneQueue {
  #entries: LaneEntry[] = [];
  /** Entries before this index are gone; the array is cut when they are many. */
  #head = 0;
  /** Entries before this index are late already. */
  #firstPunctual = 0;
  #bytes = 0;
  #records = 0;

  /** Bytes of waiting lines with what it costs to keep them. */
  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  get empty(): boolean {
    return this.#head === this.#entries.length;
  }

  get oldest(): LaneEntry | undefined {
    return this.#entries[this.#head];
  }

  static cost(lines: Lines): number {
    return lines.bytes.length + entryOverheadBytes;
  }

  push(entry: LaneEntry): void {
    this.#entries.push(entry);
    this.#bytes += LaneQueue.cost(entry.lines);
    this.#records += entry.lines.ends.length;
  }

  /** Puts lines before all that wait, in the order given: they are older. */
  putBack(entries: readonly LaneEntry[]): void {
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#firstPunctual = Math.max(0, this.#firstPunctual - this.#head);
    // Entries in front that nobody waits for are never late; counting them as punctual would hide none behind them.
    if (this.#firstPunctual > 0) this.#firstPunctual += entries.length;
    this.#head = 0;
    for (const entry of entries) {
      this.#bytes += LaneQueue.cost(entry.lines);
      this.#records += entry.lines.ends.length - entry.done;
    }
  }

  /** The oldest lines, up to `maxBytes` (one line at least) and `maxLines`; they stay until `settle`. */
  peek(maxBytes: number, maxLines: number): Lines {
    const parts: Lines[] = [];
    let bytes = 0;
    let lines = 0;
    for (let index = this.#head; index < this.#entries.length && lines < maxLines; index++) {
      const entry = this.#entries[index]!;
      const start = lineStart(entry.lines, entry.done);
      let to = entry.done;
      while (
        to < entry.lines.ends.length &&
        lines < maxLines &&
        (lines === 0 || bytes + entry.lines.ends[to]! - start <= maxBytes)
      ) {
        to++;
        lines++;
      }
      if (to === entry.done) break;
      parts.push(
        entry.done === 0 && to === entry.lines.ends.length
          ? entry.lines
          : sliceLines(entry.lines, entry.done, to),
      );
      bytes += entry.lines.ends[to - 1]! - start;
      if (to < entry.lines.ends.length) break;
    }
    return joinLines(parts);
  }

  /** Takes `count` lines off the front; `settled` is told of each run of lines of one entry. */
  settle(count: number, settled: (entry: LaneEntry, from: number, to: number) => void): void {
    let left = count;
    while (left > 0) {
      const entry = this.#entries[this.#head]!;
      const from = entry.done;
      const to = Math.min(entry.lines.ends.length, from + left);
      left -= to - from;
      entry.done = to;
      this.#records -= to - from;
      if (to === entry.lines.ends.length) this.#shift();
      settled(entry, from, to);
    }
  }

  #shift(): void {
    this.#bytes -= LaneQueue.cost(this.#entries[this.#head]!.lines);
    this.#head++;
    if (this.#firstPunctual < this.#head) this.#firstPunctual = this.#head;
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = this.#firstPunctual = 0;
    } else if (this.#head >= 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#firstPunctual -= this.#head;
      this.#head = 0;
    }
  }

  /** The oldest entry whose deadline has not passed and whose outcome somebody waits for. */
  get oldestPunctual(): LaneEntry | undefined {
    while (this.#firstPunctual < this.#entries.length && this.#entries[this.#firstPunctual]!.batch === null) {
      this.#firstPunctual++;
    }
    return this.#entries[this.#firstPunctual];
  }

  /** The oldest punctual entry is late from now on; it stays queued. */
  expireOldestPunctual(): void {
    if (this.oldestPunctual !== undefined) this.#firstPunctual++;
  }

  /** Empties the queue; `dropped` is told of the unsettled lines of each entry. */
  clear(dropped: (entry: LaneEntry, from: number, to: number) => void): void {
    this.settle(this.#records, dropped);
  }
}
