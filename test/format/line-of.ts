import { Formatter } from '../../format/formatter.ts';
import {
  defaultLineOptions,
  emptyRecordPolicy,
  type LineOptions,
  type RecordPolicy,
} from '../../format/line-options.ts';

/** A salt that is used for nothing else. */
export const testSalt: string = '412bfd53-96d8-1dd0-d10e-3cf5bf3d9d63';
/** 2026-11-22T04:45:03.932Z */
export const testArrivalMs: number = Date.UTC(2026, 10, 22, 4, 45, 3, 932);

export interface LineSetting {
  readonly policy?: Partial<RecordPolicy>;
  readonly options?: Partial<LineOptions>;
  readonly headers?: 'apply' | 'as_is';
}

/** The lines of these records, without their newlines. Every record has to be kept. */
export function linesOf(records: readonly (string | Buffer)[], setting: LineSetting = {}): string[] {
  const formatter = new Formatter({ ...emptyRecordPolicy, ...setting.policy });
  const line = formatter.line({ ...defaultLineOptions, ...setting.options }, testSalt);
  const input = records.flatMap((record) => [Buffer.from(record), Buffer.from('\n')]);
  const batch = formatter.scan(input, setting.headers ?? 'apply', testArrivalMs);
  if (batch.kept !== records.length) throw new Error('Cannot render records: one was refused');
  const { bytes } = line.render(batch, Number.POSITIVE_INFINITY);
  batch.release();
  return bytes.toString().slice(0, -1).split('\n');
}

/** The line of one record. */
export function lineOf(record: string | Buffer, setting: LineSetting = {}): string {
  return linesOf([record], setting)[0]!;
}

/** The line of a record that is no text, but a value; parsed again. */
export function parsedLineOf(record: unknown, setting: LineSetting = {}): unknown {
  return JSON.parse(lineOf(JSON.stringify(record), setting));
}
