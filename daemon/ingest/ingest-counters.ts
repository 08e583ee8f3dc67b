import type { ScannedBatch } from '../../format/formatter.ts';
import { type Level, levels } from '../../format/record-rules.ts';
import { type RefusalCode, refusalCodes } from './refusals.ts';

/** Plain numbers of the ingest side; all listeners add to one value. */
export interface IngestCounters {
  /** Records read, refused ones included. */
  received: number;
  /** Bytes read. */
  bytes: number;
  /** Records answered ok, or on a `replies: none` listener: recorded. */
  ok: number;
  readonly refused: Record<RefusalCode, number>;
  /** Records of paths that are not audited: answered ok, written nowhere. */
  unaudited: number;
  /** Other valid records by the level at which they are to be written: at `none` they are answered ok, and written nowhere. */
  readonly levels: Record<Level, number>;
  /** Connections open now. */
  connections: number;
  /** Connections accepted since the start. */
  connectionsAccepted: number;
  /** Connections that were ended, because they were idle, to make room for others. */
  connectionsGivenUp: number;
  /** Connections that were closed at once, because there was no room. */
  connectionsRefused: number;
  /** Raw bytes of records whose reply is not decided yet. */
  bytesInFlight: number;
}

/** Every count at zero, so that every series exists from the start. */
export function zeroIngestCounters(): IngestCounters {
  const refused = Object.fromEntries(refusalCodes.map((code) => [code, 0])) as Record<RefusalCode, number>;
  return {
    received: 0,
    bytes: 0,
    ok: 0,
    refused,
    unaudited: 0,
    levels: Object.fromEntries(levels.map((level) => [level, 0])) as Record<Level, number>,
    connections: 0,
    connectionsAccepted: 0,
    connectionsGivenUp: 0,
    connectionsRefused: 0,
    bytesInFlight: 0,
  };
}

/** Counts valid records by what is written of them; `invalid` is the number of the others. */
export function countLevels(counters: IngestCounters, scanned: ScannedBatch, invalid: number): void {
  const { records, kept, levels: found } = scanned;
  counters.unaudited += records - kept - invalid - found.none;
  for (const level of levels) counters.levels[level] += found[level];
}
