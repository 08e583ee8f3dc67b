import { hash } from 'node:crypto';
import {
  FAULT,
  FAULT_OFFSET,
  ID_AT,
  ID_LENGTH,
  LEVEL,
  LINE_AT,
  LINE_LENGTH,
  TYPE_AT,
  TYPE_LENGTH,
} from '../kernel/numbers/record-table.ts';
import { END_RULE_BITS } from '../kernel/numbers/rule-tables.ts';
import { INVALID, KEPT, UNAUDITED } from '../kernel/numbers/statuses.ts';
import type { Kernel } from './kernel.ts';
import { recordProblem } from './record-problems.ts';
import type { LevelCounts } from './record-rules.ts';

/** What became of a record in a scan: it goes to devices, is not valid, or is not audited: its path or a rule says so. */
export const recordStatus: Readonly<Record<'kept' | 'invalid' | 'unaudited', number>> = {
  kept: KEPT,
  invalid: INVALID,
  unaudited: UNAUDITED,
};

/**
 * The records of one batch, scanned. Scan, render for each device and release come one after another without anything
 * between them. After `release` only the counts and statuses may be read.
 */
export interface ScannedBatch {
  /** Lines that are not empty. */
  readonly records: number;
  /** Records that go to devices; rendered lines correspond to them in order. */
  readonly kept: number;
  /** Of each record, one of `recordStatus`. */
  readonly statuses: Uint8Array;
  /** Records by the level at which they are written; those that are not valid, or of a path that is not audited, have none. */
  readonly levels: LevelCounts;
  /** Why a record is refused: the byte within the record, and words that quote nothing of it. */
  problem(record: number): { offset: number; message: string };
  /** `request.id` and `type`, '' when absent or no strings. */
  describe(record: number): { id: string; type: string };
  /** Bytes of the record as it came, without its line end. */
  lengthOf(record: number): number;
  /** SHA-256, in hexadecimal, of records as they came, with a newline between one and the next. */
  digestOf(records: readonly number[]): string;
  /** Clears all memory that held the records. */
  release(): void;
}

const nothing = Buffer.alloc(0);

/** A batch in the memory of a kernel. */
export class KernelBatch implements ScannedBatch {
  readonly records: number;
  readonly kept: number;
  readonly statuses: Uint8Array;
  readonly levels: LevelCounts;
  readonly #inputBytes: number;
  readonly #released: (kernel: Kernel) => void;
  #kernel: Kernel | null;

  constructor(kernel: Kernel, records: number, inputBytes: number, released: (kernel: Kernel) => void) {
    this.#kernel = kernel;
    this.records = records;
    this.kept = kernel.kept;
    this.statuses = kernel.statuses(records);
    this.levels = kernel.levelCounts();
    this.#inputBytes = inputBytes;
    this.#released = released;
  }

  /** Where the records lie. */
  get kernel(): Kernel {
    if (this.#kernel === null) throw new Error('Cannot read batch: it was released');
    return this.#kernel;
  }

  problem(record: number): { offset: number; message: string } {
    this.#check(record);
    if (this.statuses[record] !== recordStatus.invalid) {
      throw new RangeError(`Cannot tell the problem of record ${record}: it has none`);
    }
    return {
      offset: this.kernel.recordNumber(record, FAULT_OFFSET),
      message: recordProblem(this.kernel.recordNumber(record, FAULT)),
    };
  }

  describe(record: number): { id: string; type: string } {
    const { id, type } = this.spelling(record);
    return { id: textOf(id), type: textOf(type) };
  }

  /** The rule that says at which level a record is written, counted from 0; `null` when none fits it, or none leaves anything out. */
  ruleOf(record: number): number | null {
    this.#check(record);
    const rule = this.kernel.recordNumber(record, LEVEL) >> END_RULE_BITS;
    return rule === 0 ? null : rule - 1;
  }

  /** `request.id` and `type` as the record spells them, in quotes; nothing when absent or no strings. Valid until `release`. */
  spelling(record: number): { readonly id: Buffer; readonly type: Buffer } {
    this.#check(record);
    return {
      id: this.#quoted(record, ID_AT, ID_LENGTH),
      type: this.#quoted(record, TYPE_AT, TYPE_LENGTH),
    };
  }

  lengthOf(record: number): number {
    this.#check(record);
    return this.kernel.recordNumber(record, LINE_LENGTH);
  }

  digestOf(records: readonly number[]): string {
    if (records.length === 1) return hash('sha256', this.#line(records[0]!));
    // One piece for all: each update of a hash costs as much as a short record.
    const joined = Buffer.alloc(
      records.reduce((sum, record) => sum + this.lengthOf(record) + 1, 0),
      '\n',
    );
    let at = 0;
    for (const record of records) at += this.#line(record).copy(joined, at) + 1;
    const digest = hash('sha256', joined.subarray(0, Math.max(0, at - 1)));
    joined.fill(0);
    return digest;
  }

  #line(record: number): Buffer {
    const length = this.lengthOf(record);
    return this.kernel.bytes(this.kernel.recordNumber(record, LINE_AT), length);
  }

  release(): void {
    const kernel = this.#kernel;
    if (kernel === null) return;
    kernel.wipe(this.#inputBytes);
    this.#kernel = null;
    this.#released(kernel);
  }

  #check(record: number): void {
    if (!(record >= 0 && record < this.records))
      throw new RangeError(`Cannot find record ${record} in the batch`);
  }

  #quoted(record: number, at: number, length: number): Buffer {
    const start = this.kernel.recordNumber(record, at);
    if (start === 0) return nothing;
    return this.kernel.bytes(start - 1, this.kernel.recordNumber(record, length) + 2);
  }
}

/** The text of a string in quotes, which the kernel has found to be one, so that JSON.parse cannot fail and quote it. */
export function textOf(quoted: Buffer): string {
  if (quoted.length === 0) return '';
  const text = JSON.parse(quoted.toString('utf8')) as string;
  // As in a line: half of a surrogate pair would make a reply or a line of the log that strict readers refuse.
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
