// Written by `npm run record-types` from record.schema.json: change that, and run it again.

/** A record as Vault and OpenBao write it, for `profile: vault`. */
export interface VaultRecord {
  /** Which half of a call it tells of. Readable. Example: `"request"` */
  readonly type?: 'request' | 'response' | (string & {});
  /**
   * When it happened, RFC 3339 with up to 9 digits of a second. The sidecar adds the time of arrival when it
   * is missing. Readable. Example: `"2026-11-20T10:00:01.123Z"`
   */
  readonly time?: string;
  /** Who acts. */
  readonly auth?: VaultAuth;
  /** What is asked for: the same in both records of a call. */
  readonly request?: VaultRequest;
  /** What was answered, in the record of the response. */
  readonly response?: VaultResponse;
  /** Readable. Example: `"permission denied"` */
  readonly error?: string;
  /** The node of a cluster that passed the call on. Readable. Example: `"10.0.0.2:8201"` */
  readonly forwarded_from?: string;
  readonly [member: string]: unknown;
}

/** A token, and who has it. */
export interface VaultAuth {
  /** Hashed. Example: `"s.CjhHgOi3jXLbFmVdfMWd36HY"` */
  readonly client_token?: string;
  /** Hashed, unless a device has `hmac_accessor: false`. Example: `"1jOTOg5jNusi7qBnNAxWpLT8"` */
  readonly accessor?: string;
  /** Readable. Example: `"userpass-u2"` */
  readonly display_name?: string;
  /** Those of the token and of the entity. Readable. Example: `["default","dev"]` */
  readonly policies?: readonly string[];
  /** Those of the token. Readable. Example: `["default","dev"]` */
  readonly token_policies?: readonly string[];
  /** Those of the entity. Readable. Example: `["default","dev"]` */
  readonly identity_policies?: readonly string[];
  /** By namespace. Readable. Example: `{"ns1/":["dev"]}` */
  readonly external_namespace_policies?: Readonly<Record<string, readonly string[]>>;
  /**
   * Which policy allowed it. Readable with all that is in it. Example:
   * `{"allowed":true,"granting_policies":[{"name":"dev","namespace_id":"root","type":"acl"}]}`
   */
  readonly policy_results?: Readonly<Record<string, unknown>>;
  /** What the auth method knows. Readable with all that is in it. Example: `{"username":"u2"}` */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Readable. Example: `"58669541-0d11-5c0b-b86f-253943b14336"` */
  readonly entity_id?: string;
  /** Whether this login made the entity. Readable. Example: `true` */
  readonly entity_created?: boolean;
  /** Readable. Example: `"service"` */
  readonly token_type?: string;
  /** How long the token is good for, in seconds. Readable. Example: `3600` */
  readonly token_ttl?: number;
  /** RFC 3339. Readable. Example: `"2026-11-22T04:47:01Z"` */
  readonly token_issue_time?: string;
  /** How often a new token may be used. Readable. Example: `5` */
  readonly num_uses?: number;
  /** How often the token may still be used. Readable. Example: `4` */
  readonly remaining_uses?: number;
  readonly [member: string]: unknown;
}

/** What is asked for. */
export interface VaultRequest {
  /**
   * By it the two records of a call are matched, and records that came twice are found: another one for each
   * call. Readable. Example: `"aee28b90-961a-8c9d-51fd-4526dece922b"`
   */
  readonly id?: string;
  /** Readable. Example: `"58669541-0d11-5c0b-b86f-253943b14336"` */
  readonly client_id?: string;
  /** Readable. Example: `"dr"` */
  readonly replication_cluster?: string;
  /** Readable. Example: `"update"` */
  readonly operation?:
    | 'create'
    | 'read'
    | 'update'
    | 'patch'
    | 'delete'
    | 'list'
    | 'scan'
    | 'help'
    | 'alias-lookahead'
    | 'resolve-role'
    | 'revoke'
    | 'renew'
    | 'rollback'
    | 'header'
    | (string & {});
  /** With a slash at the end. Readable. Example: `"kv2/"` */
  readonly mount_point?: string;
  /** Readable. Example: `"kv"` */
  readonly mount_type?: string;
  /** Readable. Example: `"kv_e277e83f"` */
  readonly mount_accessor?: string;
  /** Readable. Example: `"v2.0.0+builtin.bao"` */
  readonly mount_running_version?: string;
  /** Readable. Example: `"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"` */
  readonly mount_running_sha256?: string;
  /** Readable. Example: `"secret"` */
  readonly mount_class?: string;
  /** Readable. Example: `true` */
  readonly mount_is_external_plugin?: boolean;
  /** Hashed. Example: `"s.CjhHgOi3jXLbFmVdfMWd36HY"` */
  readonly client_token?: string;
  /** Hashed, unless a device has `hmac_accessor: false`. Example: `"1jOTOg5jNusi7qBnNAxWpLT8"` */
  readonly client_token_accessor?: string;
  /** Readable with all that is in it. */
  readonly namespace?: VaultNamespace;
  /** Without `/v1/`. Readable. Example: `"kv2/data/app"` */
  readonly path?: string;
  /**
   * The body. Strings are hashed, but for timestamps and the keys of `mounts`. Example:
   * `{"password":"hunter2"}`
   */
  readonly data?: unknown;
  /** Readable. Example: `false` */
  readonly policy_override?: boolean;
  /** Readable. Example: `"127.0.0.1"` */
  readonly remote_address?: string;
  /** Readable. Example: `36502` */
  readonly remote_port?: number;
  /** How long the answer is to stay wrapped, in seconds. Readable. Example: `60` */
  readonly wrap_ttl?: number;
  /**
   * By name, a list each; only those in `audited_headers` are written. Example: `{"x-request-id":["8f1c"]}`
   */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  /** Readable. Example: `"1048576"` */
  readonly client_certificate_serial_number?: string;
  readonly [member: string]: unknown;
}

/** A namespace. */
export interface VaultNamespace {
  /** Readable. Example: `"root"` */
  readonly id?: string;
  /** With a slash at the end. Readable. Example: `"ns1/"` */
  readonly path?: string;
  readonly [member: string]: unknown;
}

/** What was answered. */
export interface VaultResponse {
  /** What a login gave. */
  readonly auth?: VaultAuth;
  /** Readable. Example: `"kv2/"` */
  readonly mount_point?: string;
  /** Readable. Example: `"kv"` */
  readonly mount_type?: string;
  /** Readable. Example: `"kv_e277e83f"` */
  readonly mount_accessor?: string;
  /** Readable. Example: `"v2.0.0+builtin.bao"` */
  readonly mount_running_plugin_version?: string;
  /** Readable. Example: `"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"` */
  readonly mount_running_sha256?: string;
  /** Readable. Example: `"secret"` */
  readonly mount_class?: string;
  /** Readable. Example: `true` */
  readonly mount_is_external_plugin?: boolean;
  /** A lease. */
  readonly secret?: VaultLease;
  /**
   * The answer. Strings are hashed, but for timestamps and the keys of `mounts`. Example:
   * `{"keys":["a","b"]}`
   */
  readonly data?: unknown;
  /** Readable. Example: `["the key is deprecated"]` */
  readonly warnings?: readonly string[];
  /** Readable. Example: `"https://login.example/?code=1"` */
  readonly redirect?: string;
  /** Where a wrapped answer is to be had. */
  readonly wrap_info?: VaultWrapping;
  /**
   * What a plugin answers with. Readable with all that is in it. Example: `{"Content-Type":["text/plain"]}`
   */
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly [member: string]: unknown;
}

/** A lease. */
export interface VaultLease {
  /** Readable. Example: `"database/creds/app/0a1b"` */
  readonly lease_id?: string;
  readonly [member: string]: unknown;
}

/** Where a wrapped answer is to be had. */
export interface VaultWrapping {
  /** How long, in seconds. Readable. Example: `60` */
  readonly ttl?: number;
  /** Hashed. Example: `"s.b1XnqJ1pUnYbFq5y"` */
  readonly token?: string;
  /** Hashed, unless a device has `hmac_accessor: false`. Example: `"yTOIsGAclmGw"` */
  readonly accessor?: string;
  /** RFC 3339. Readable. Example: `"2026-11-22T04:47:03Z"` */
  readonly creation_time?: string;
  /** Readable. Example: `"auth/approle/login"` */
  readonly creation_path?: string;
  /**
   * The accessor of a token that is wrapped. Hashed, unless a device has `hmac_accessor: false`. Example:
   * `"1jOTOg5jNusi"`
   */
  readonly wrapped_accessor?: string;
  readonly [member: string]: unknown;
}
