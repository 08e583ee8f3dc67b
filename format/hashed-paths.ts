import * as fields from '../kernel/numbers/fields.ts';

/**
 * What becomes of a string at a path of a record:
 * - `clear`: it is copied.
 * - `token`: it is hashed unless empty.
 * - `accessor`: it is hashed unless empty or the device leaves accessors readable.
 * - `wrapped_accessor`: it is hashed, also when empty, unless the device leaves accessors readable.
 * - `data`: it is hashed unless it is a timestamp or its key stays readable on the mount.
 * - `hash`: it is always hashed, like every path that is not in the table.
 */
export type Treatment = 'clear' | 'hash' | 'token' | 'accessor' | 'wrapped_accessor' | 'data';

/** The paths of an audit record as a running OpenBao 2.6.2 treats them (raw and hashed log compared). */
export const hashedPaths: readonly (readonly [path: string, treatment: Treatment])[] = [
  ['auth.client_token', 'token'],
  ['request.client_token', 'token'],
  ['response.auth.client_token', 'token'],
  ['response.wrap_info.token', 'hash'],

  ['auth.accessor', 'accessor'],
  ['request.client_token_accessor', 'accessor'],
  ['response.auth.accessor', 'accessor'],
  ['response.wrap_info.accessor', 'wrapped_accessor'],
  ['response.wrap_info.wrapped_accessor', 'wrapped_accessor'],

  ['request.data', 'data'],
  ['request.data.**', 'data'],
  ['response.data', 'data'],
  ['response.data.**', 'data'],

  ...['type', 'time', 'error', 'forwarded_from'].map(clear),
  ...['auth', 'response.auth'].flatMap((parent) =>
    [
      'display_name',
      'policies',
      'policies[]',
      'token_policies',
      'token_policies[]',
      'identity_policies',
      'identity_policies[]',
      'external_namespace_policies',
      // By namespace: its policies.
      'external_namespace_policies[]',
      'external_namespace_policies.*',
      'external_namespace_policies.*[]',
      'policy_results.**',
      'metadata.**',
      'entity_id',
      'token_type',
      'token_issue_time',
    ].map((name) => clear(`${parent}.${name}`)),
  ),
  ...[
    'id',
    'client_id',
    'replication_cluster',
    'operation',
    'mount_*',
    'namespace.**',
    'path',
    'remote_address',
    'client_certificate_serial_number',
  ].map((name) => clear(`request.${name}`)),
  ...[
    'mount_*',
    'secret.lease_id',
    'warnings',
    'warnings[]',
    'redirect',
    'wrap_info.creation_time',
    'wrap_info.creation_path',
    'headers.**',
  ].map((name) => clear(`response.${name}`)),
];

function clear(path: string): readonly [string, Treatment] {
  return [path, 'clear'];
}

/** Where the kernel's fields lie in a record. */
const fieldPaths: Readonly<Record<keyof typeof fields, string>> = {
  TIME: 'time',
  TYPE: 'type',
  REQUEST: 'request',
  REQUEST_ID: 'request.id',
  OPERATION: 'request.operation',
  PATH: 'request.path',
  MOUNT_POINT: 'request.mount_point',
  NAMESPACE: 'request.namespace',
  NAMESPACE_PATH: 'request.namespace.path',
  REQUEST_DATA: 'request.data',
  RESPONSE_DATA: 'response.data',
  REQUEST_HEADERS: 'request.headers',
  LISTED_KEYS: 'response.data.keys',
  LISTED_INFO: 'response.data.key_info',
  WRAPPING: 'response.wrap_info',
  WRAPPING_TIME: 'response.wrap_info.creation_time',
  WRAPPING_TOKEN: 'response.wrap_info.token',
  WRAPPING_ACCESSOR: 'response.wrap_info.accessor',
};

/** Each path whose value the kernel itself reads or treats by more than its path, and the kernel's number for it. */
export const readFields: readonly (readonly [path: string, field: number])[] = Object.entries(fields).map(
  ([name, field]) => [fieldPaths[name as keyof typeof fields], field],
);
