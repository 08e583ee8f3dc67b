import { type Lines, type RenderedLines, renderedLines } from './lines.ts';
import { recordProblem } from './record-problems.ts';
import type { LevelCounts } from './record-rules.ts';
import { recordStatus, type ScannedBatch, textOf } from './scanned-batch.ts';

/** What another thread found of a record, and made of it. Its memory is the receiver's. */
export interface LargeReport {
  /** One of `recordStatus`; `null`: there was no record, only an empty line. */
  readonly status: number | null;
  /** One at its level, if it has one. */
  readonly levels: LevelCounts;
  /** Of an invalid record, the kernel's number of what is wrong, and the byte within the record. */
  readonly fault: number;
  readonly faultOffset: number;
  /** Bytes of the record as it came, without its line end. */
  readonly length: number;
  /** Of an invalid record, its SHA-256 in hexadecimal. */
  readonly sha256: string;
  /** `request.id` and `type` as the record spells them, in quotes. */
  readonly id: Uint8Array;
  readonly type: Uint8Array;
  /** One value a device, with a line when the record is kept. */
  readonly lines: readonly Lines[];
}

/** A batch of one record that was scanned, and rendered for some devices, in another thread. */
export class LargeRecord implements ScannedBatch {
  readonly records: number;
  readonly kept: number;
  readonly statuses: Uint8Array;
  readonly levels: LevelCounts;
  readonly #report: LargeReport;
  readonly #lines: ReadonlyMap<object, RenderedLines>;

  /** `formats`: the line formats that the report's lines are of. */
  constructor(report: LargeReport, formats: readonly object[]) {
    const { status, lines } = report;
    this.statuses = status === null ? new Uint8Array(0) : Uint8Array.of(status);
    this.records = this.statuses.length;
    this.kept = status === recordStatus.kept ? 1 : 0;
    this.levels = report.levels;
    this.#report = report;
    const idOf = (): string => this.describe(0).id;
    this.#lines = new Map(
      formats.map((format, place) => {
        const { bytes, ends } = lines[place]!;
        return [format, renderedLines(bufferOf(bytes), ends, idOf)];
      }),
    );
  }

  /** The lines by one of the formats that they were rendered by. */
  linesOf(format: object): RenderedLines {
    const lines = this.#lines.get(format);
    if (lines === undefined) throw new Error('Cannot render record: it was not rendered for this device');
    return lines;
  }

  problem(record: number): { offset: number; message: string } {
    this.#check(record);
    const { status, fault, faultOffset } = this.#report;
    if (status !== recordStatus.invalid)
      throw new RangeError('Cannot tell the problem of the record: it has none');
    return { offset: faultOffset, message: recordProblem(fault) };
  }

  describe(record: number): { id: string; type: string } {
    this.#check(record);
    const { id, type } = this.#report;
    return { id: textOf(bufferOf(id)), type: textOf(bufferOf(type)) };
  }

  lengthOf(record: number): number {
    this.#check(record);
    return this.#report.length;
  }

  digestOf(records: readonly number[]): string {
    for (const record of records) this.#check(record);
    if (records.length !== 1) throw new RangeError('Cannot tell the digest: there is one record');
    return this.#report.sha256;
  }

  release(): void {
    this.#report.id.fill(0);
    this.#report.type.fill(0);
  }

  #check(record: number): void {
    if (record !== 0 || this.records === 0) throw new RangeError(`Cannot find record ${record} in the batch`);
  }
}

/** What comes from another thread is a plain array. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
