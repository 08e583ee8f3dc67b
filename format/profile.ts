/**
 * What becomes of a string at a path of a record:
 * - `clear`: it is copied.
 * - `text`: it is copied, but for what is hashed in the paths and URLs that it has.
 * - `url`: the same, and it is known to be a path or URL.
 * - `token`: it is hashed unless empty.
 * - `accessor`: it is hashed unless empty or the device leaves accessors readable.
 * - `wrapped_accessor`: it is hashed, also when empty, unless the device leaves accessors readable.
 * - `data`: it is hashed unless it is a timestamp or its key stays readable on the mount.
 * - `values`: it is hashed unless its key stays readable on the mount.
 * - `hash`: it is always hashed, like every path that is not in the table.
 */
export type Treatment =
  | 'clear'
  | 'text'
  | 'url'
  | 'hash'
  | 'token'
  | 'accessor'
  | 'wrapped_accessor'
  | 'data'
  | 'values';

export type TreatedPath = readonly [path: string, treatment: Treatment];

/** What a record's fields are called, and what becomes of each. */
export interface Profile {
  readonly paths: readonly TreatedPath[];
  /**
   * Which numbers a device can hash: all whose path is not readable, and it does so unless it says otherwise; or only those in data and
   * in queries, and it does so when it says so.
   */
  readonly numbers: 'unreadable' | 'in_data';
  /** Request headers that are a path or URL where they are readable; `null`: their text is copied as it is, and has to be in a list. */
  readonly urlHeaders: readonly string[] | null;
}

export type ProfileName = 'vault' | 'api';

/** In every profile. */
export const secretPaths: readonly TreatedPath[] = [
  ['auth.client_token', 'token'],
  ['request.client_token', 'token'],
  ['response.auth.client_token', 'token'],
  ['response.wrap_info.token', 'hash'],

  ['auth.accessor', 'accessor'],
  ['request.client_token_accessor', 'accessor'],
  ['response.auth.accessor', 'accessor'],
  ['response.wrap_info.accessor', 'wrapped_accessor'],
  ['response.wrap_info.wrapped_accessor', 'wrapped_accessor'],
];

/** Where the numbers are that a device hashes when it says so, whatever the profile. */
export const numberPaths: readonly string[] = ['request.data', 'response.data', 'request.query'].flatMap(
  withAllBelow,
);

/** Readable in every profile. */
const harmless: readonly string[] = [
  ...['type', 'time', 'forwarded_from'],
  ...['auth', 'response.auth'].flatMap((parent) =>
    below(parent, [
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
    ]),
  ),
  ...below('request', [
    'id',
    'client_id',
    'replication_cluster',
    'operation',
    'mount_*',
    'namespace.**',
    'remote_address',
    'client_certificate_serial_number',
  ]),
  ...below('response', [
    'mount_*',
    'secret.lease_id',
    'warnings',
    'warnings[]',
    'wrap_info.creation_time',
    'wrap_info.creation_path',
  ]),
];

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  /** The paths of an audit record as a running OpenBao 2.6.2 treats them (raw and hashed log compared). */
  vault: {
    paths: [
      ...secretPaths,
      ...as('data', ['request.data', 'response.data'].flatMap(withAllBelow)),
      ...as('clear', harmless),
      ...as('clear', ['error', 'request.path', 'response.redirect', 'response.headers.**']),
    ],
    numbers: 'in_data',
    urlHeaders: null,
  },
  /**
   * What any API server says of a call. Its `error` may be any text and its `response.headers` any cookie: they are hashed. A time in its
   * data is somebody's.
   */
  api: {
    paths: [
      ...secretPaths,
      ...as('values', ['request.data', 'response.data'].flatMap(withAllBelow)),
      ...as('url', ['request.path', 'request.route', 'response.redirect']),
      ...as('text', harmless),
      ...as('text', ['outcome', 'reason', 'policy', 'service.*']),
      ...as(
        'text',
        below('auth', ['user_id', 'roles', 'roles[]', 'scopes', 'scopes[]', 'method', 'on_behalf_of']),
      ),
      ...as(
        'text',
        below('request', [
          'method',
          'host',
          'protocol',
          'remote_port',
          'forwarded_for',
          'forwarded_for[]',
          'user_agent',
          'traceparent',
          'bytes',
          'tenant',
        ]),
      ),
      ...as('text', below('resource', ['type', 'id', 'tenant'])),
      ...as('text', below('response', ['status', 'bytes', 'duration_ms'])),
    ],
    numbers: 'unreadable',
    urlHeaders: [
      'referer',
      'location',
      'content-location',
      'x-original-url',
      'x-rewrite-url',
      'x-original-uri',
      'x-forwarded-uri',
    ],
  },
};

function as(treatment: Treatment, paths: readonly string[]): TreatedPath[] {
  return paths.map((path) => [path, treatment]);
}

function below(parent: string, names: readonly string[]): string[] {
  return names.map((name) => `${parent}.${name}`);
}

function withAllBelow(path: string): string[] {
  return [path, `${path}.**`];
}
