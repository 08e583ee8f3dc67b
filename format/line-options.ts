import type { ProfileName } from './profile.ts';
import type { RecordRule } from './record-rules.ts';

/** The options of a device that shape its line (the table of options in docs/devices.md has the defaults). */
export interface LineOptions {
  /** `json`: the record as it came; `jsonx`: the same as one line of XML. */
  readonly format: 'json' | 'jsonx';
  /** With `jsonx`: leave out the root element and its namespace, as Vault writes it. */
  readonly jsonxFragment: boolean;
  /** `false` leaves the accessors outside `data` readable. */
  readonly hmacAccessor: boolean;
  /** Nothing is hashed but the audited headers that ask for it. */
  readonly logRaw: boolean;
  /** `response.data.keys` and `key_info` of list responses become their element count. */
  readonly elideListResponses: boolean;
  /** Hash timestamps inside `data` too: their fraction digits can carry a secret. */
  readonly hashTimestamps: boolean;
  /** Hash numbers, too: those in data and queries, with the profile `api` all that are not at a readable path. `by_profile`: only with `api`. */
  readonly hashNumbers: boolean | 'by_profile';
  /** Written as it is before each line. */
  readonly prefix: string;
}

export const defaultLineOptions: LineOptions = Object.freeze({
  format: 'json',
  jsonxFragment: false,
  hmacAccessor: true,
  logRaw: false,
  elideListResponses: false,
  hashTimestamps: false,
  hashNumbers: 'by_profile',
  prefix: '',
});

/** Which of a mount's keys in `data` stay readable. */
export interface MountKeys {
  readonly requestKeys: readonly string[];
  readonly responseKeys: readonly string[];
}

/** What is hashed and what is left out, for all devices alike. */
export interface RecordPolicy {
  /** What the fields of records are called, and which of them are readable. */
  readonly profile: ProfileName;
  /** Further JSON paths that are not hashed, such as `request.service_name`. */
  readonly clearFields: readonly string[];
  /**
   * JSON paths that are hashed although they would stay readable, with all that is below them, such as `response.headers`. Where a clear
   * field applies as well, that of the two counts which says more of the place.
   */
  readonly hashFields: readonly string[];
  /** By lower-case name; a header that is not here is not written. */
  readonly auditedHeaders: ReadonlyMap<string, { readonly hmac: boolean }>;
  /** By namespace path and mount point, with the trailing slash: `secret/`, `ns1/secret/`. */
  readonly mounts: ReadonlyMap<string, MountKeys>;
  /** Paths whose records are answered `ok` and written nowhere; `*` at the end matches any rest. */
  readonly unauditedPaths: readonly string[];
  /** At which level each of the other records is written: the first rule that fits counts, and without one it is written in full. */
  readonly rules: readonly RecordRule[];
  /** Whether records may have a type that only lines of the daemon itself have; otherwise it is hashed on every device. */
  readonly ownTypes: boolean;
}

export const emptyRecordPolicy: RecordPolicy = Object.freeze({
  profile: 'vault',
  clearFields: [],
  hashFields: [],
  auditedHeaders: new Map(),
  mounts: new Map(),
  unauditedPaths: [],
  rules: [],
  ownTypes: false,
});
