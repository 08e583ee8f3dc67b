import { type IngestCounters, type RefusalCode, refusalCodes } from '../lane-status.ts';

/** Every count at zero, so that every series exists from the start. */
export function zeroIngestCounters(): IngestCounters {
  const refused = Object.fromEntries(refusalCodes.map((code) => [code, 0])) as Record<RefusalCode, number>;
  return {
    received: 0,
    bytes: 0,
    ok: 0,
    refused,
    unaudited: 0,
    connections: 0,
    connectionsAccepted: 0,
    bytesInFlight: 0,
  };
}
