/** How much of a record is written: nothing, no data, no data of the response, or all. From the least to the most. */
export const levels = ['none', 'metadata', 'request', 'full'] as const;
export type Level = (typeof levels)[number];

/** Records by the level at which they are written. */
export type LevelCounts = Readonly<Record<Level, number>>;

/**
 * What a rule can ask for, and where it stands in a record. Those that leave most rules out come first: rules are looked at for each record.
 */
export const matchedFields = {
  /** Without its query and fragment. */
  path: 'request.path',
  route: 'request.route',
  /** With or without its namespace in front. */
  mount: 'request.mount_point',
  namespace: 'request.namespace.path',
  tenant: 'request.tenant',
  operation: 'request.operation',
  method: 'request.method',
  outcome: 'outcome',
  type: 'type',
} as const;
export type MatchedField = keyof typeof matchedFields;

/** For each field that is asked for, the texts of which it must be one; with a `*` at the end any rest may follow. */
export type RecordMatch = ReadonlyMap<MatchedField, readonly string[]>;

/** At which level those records are written that have all that is asked for. The first rule that fits a record counts. */
export interface RecordRule {
  /** Empty: every record. */
  readonly match: RecordMatch;
  readonly level: Level;
}

/** A wanted text, and whether any rest may follow. */
export interface WantedText {
  readonly text: string;
  readonly anyRest: boolean;
}

/** The name of a mount or namespace may be written without the slash at its end. */
export function wantedText(field: MatchedField, pattern: string): WantedText {
  if (pattern.endsWith('*')) return { text: pattern.slice(0, -1), anyRest: true };
  const isFolder = field === 'mount' || field === 'namespace';
  return { text: isFolder && !pattern.endsWith('/') ? `${pattern}/` : pattern, anyRest: false };
}
