import { Formatter, type LineFormat, type ScannedBatch } from '../../format/formatter.ts';
import { emptyRecordPolicy, type RecordPolicy } from '../../format/line-options.ts';
import type { RenderedLines } from '../../format/lines.ts';

/** A record that the daemon writes itself, as an API server could have sent it. */
export interface TestRecord {
  readonly type: 'request';
  readonly request: { readonly id: string; readonly operation: string; readonly path: string };
}

/** What is recorded of a record that is refused and whose sender cannot be told. Only the daemon writes this type. */
export interface RefusedRecord {
  readonly type: 'refused';
  /** Why: what another sender would have been told. */
  readonly code: string;
  readonly message: string;
  /** The path of the listener that it came to. */
  readonly listener: string;
  /** When it stands for several short ones, which were read together: how many. */
  readonly records?: number;
  /**
   * Of what came: the length, and the SHA-256 in hexadecimal, without the line end; several with a newline between them.
   * Of one that is lost with the thread that had it, only the length is known.
   */
  readonly bytes: number;
  readonly sha256?: string;
}

export type OwnRecord = TestRecord | RefusedRecord;

/** Not the operator's, which may leave their paths out. */
const ownPolicy: RecordPolicy = {
  ...emptyRecordPolicy,
  clearFields: ['code', 'message', 'listener', 'sha256'],
  ownTypes: true,
};
let formatter: Formatter | null = null;

/** What a device is to record before it is enabled, as Vault and OpenBao have it. */
export function testRecord(id: string): TestRecord {
  return { type: 'request', request: { id, operation: 'update', path: 'sys/audit/test' } };
}

/** Scans records of our own as any record's, for the lines of devices. `wallTime` in milliseconds since 1970. */
export function scanOwn(records: readonly OwnRecord[], wallTime: number): ScannedBatch {
  formatter ??= new Formatter(ownPolicy);
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  return formatter.scan([Buffer.from(text)], 'as_is', wallTime);
}

/** Their lines for one device. */
export function ownLines(
  records: readonly OwnRecord[],
  format: LineFormat,
  maxLineBytes: number,
  wallTime: number,
): RenderedLines {
  const scanned = scanOwn(records, wallTime);
  const lines = format.render(scanned, maxLineBytes);
  scanned.release();
  return lines;
}
