import { Formatter, type LineFormat } from '../../format/formatter.ts';
import { emptyRecordPolicy } from '../../format/line-options.ts';
import type { RenderedLines } from '../../format/lines.ts';

/** A record that the daemon writes itself: what an API server could have sent. */
export interface OwnRecord {
  readonly type: 'request';
  readonly request: { readonly id: string; readonly operation: string; readonly path: string };
}

/** What a device is to record before it is enabled, as Vault and OpenBao have it. */
export function testRecord(id: string): OwnRecord {
  return { type: 'request', request: { id, operation: 'update', path: 'sys/audit/test' } };
}

/**
 * The lines of records of our own, made the way any record's are: scanned, and rendered by the device's format.
 * `wallTime` in milliseconds since 1970. Not by the operator's policy, which may leave their paths out.
 */
export function ownLines(
  records: readonly OwnRecord[],
  format: LineFormat,
  maxLineBytes: number,
  wallTime: number,
): RenderedLines {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const scanned = new Formatter(emptyRecordPolicy).scan([Buffer.from(text)], 'as_is', wallTime);
  const lines = format.render(scanned, maxLineBytes);
  scanned.release();
  return lines;
}
