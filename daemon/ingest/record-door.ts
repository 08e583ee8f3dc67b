import type { Session } from './session.ts';

/** The side of a session that a connection uses. */
export type RecordDoor = Pick<
  Session,
  | 'receive'
  | 'end'
  | 'discard'
  | 'refuseUnfinished'
  | 'unfinishedSince'
  | 'heldBytes'
  | 'inFlightBytes'
  | 'inFlightRecords'
  | 'inFlightPlaces'
  | 'answered'
  | 'scanning'
>;
