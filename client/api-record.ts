// Written by `npm run record-types` from record.schema.json: change that, and run it again.

/** A record of any API server, for `profile: api`. */
export interface ApiRecord {
  /**
   * Which half of a call it tells of, or how an answer ended that was sent in pieces. Readable. Example:
   * `"request"`
   */
  readonly type?: 'request' | 'response' | 'response_end' | (string & {});
  /**
   * When it happened, RFC 3339 with up to 9 digits of a second. The sidecar adds the time of arrival when it
   * is missing. Readable. Example: `"2026-11-20T10:00:01.123Z"`
   */
  readonly time?: string;
  /**
   * The program that sends the record. Its texts and numbers are readable, what is in an object there is
   * hashed.
   */
  readonly service?: ApiService;
  /** Who acts. */
  readonly auth?: ApiAuth;
  /** What is asked for: the same in both records of a call. */
  readonly request?: ApiRequest;
  /** What is acted upon. */
  readonly resource?: ApiResource;
  /** What was answered, in the record of the response. */
  readonly response?: ApiResponse;
  /** How it ended, in the record of the response. Readable. Example: `"success"` */
  readonly outcome?: 'success' | 'failure' | (string & {});
  /**
   * Why, in words or a code of the server's own, never those of a caller. Readable. Example: `"not_owner"`
   */
  readonly reason?: string;
  /** The rule that decided. Readable. Example: `"orders-own-only"` */
  readonly policy?: string;
  /** The text of an error, which may quote what the caller sent. Hashed. Example: `"invalid password"` */
  readonly error?: string;
  readonly [member: string]: unknown;
}

/** The program that sends records. */
export interface ApiService {
  /** Readable. Example: `"shop-api"` */
  readonly name?: string;
  /** Readable. Example: `"5.1.0"` */
  readonly version?: string;
  /** Which of several. Readable. Example: `"shop-api-7d9f"` */
  readonly instance?: string;
  readonly [member: string]: unknown;
}

/** Who acts. */
export interface ApiAuth {
  /**
   * The user or the program that acts, by the id that stays when names change. Readable. Example: `"u-17"`
   */
  readonly user_id?: string;
  /** A name for people who read the log. Readable. Example: `"Ann"` */
  readonly display_name?: string;
  /** Readable. Example: `["customer"]` */
  readonly roles?: readonly string[];
  /** What the token allows. Readable. Example: `["orders:read","orders:write"]` */
  readonly scopes?: readonly string[];
  /** How it was found out who that is. Readable. Example: `"oidc"` */
  readonly method?: string;
  /** For whom, when somebody acts for another. Readable. Example: `"u-4"` */
  readonly on_behalf_of?: string;
  /** The same hash in all records of a session. Hashed. Example: `"7f9c2ba4e88f827d"` */
  readonly session_id?: string;
  readonly [member: string]: unknown;
}

/** What is asked for. */
export interface ApiRequest {
  /**
   * By it the two records of a call are matched, and records that came twice are found: another one for each
   * call. Readable. Example: `"01J9Z3V7Q4"`
   */
  readonly id?: string;
  /** The method of HTTP. Readable. Example: `"POST"` */
  readonly method?: string;
  /** What is done, whatever the protocol. Readable. Example: `"create"` */
  readonly operation?: 'create' | 'read' | 'update' | 'delete' | 'list' | (string & {});
  /** The pattern that the path matched. Readable. Example: `"/v1/orders/:id"` */
  readonly route?: string;
  /** As it came; the values in its query are hashed. Readable. Example: `"/v1/orders/991?page=2"` */
  readonly path?: string;
  /** Readable. Example: `"shop.example"` */
  readonly host?: string;
  /** Readable. Example: `"HTTP/1.1"` */
  readonly protocol?: string;
  /** The address that the connection came from. Readable. Example: `"203.0.113.7"` */
  readonly remote_address?: string;
  /** Readable. Example: `50001` */
  readonly remote_port?: number;
  /**
   * The address that a proxy says it acts for, or all that stand there. Readable. Example: `"198.51.100.9"`
   */
  readonly forwarded_for?: string | readonly string[];
  /** Readable. Example: `"shop-app/5.1"` */
  readonly user_agent?: string;
  /**
   * The W3C trace that the call belongs to. Readable. Example:
   * `"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"`
   */
  readonly traceparent?: string;
  /** Length of the body, in bytes. Readable. Example: `512` */
  readonly bytes?: number;
  /** Whose data the call is for. Readable. Example: `"eu-1"` */
  readonly tenant?: string;
  /** The query as it was parsed. Names stay, numbers and strings are hashed. Example: `{"page":"2"}` */
  readonly query?: Readonly<Record<string, unknown>>;
  /** By name; only those in `audited_headers` are written. Example: `{"x-request-id":"8f1c"}` */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /**
   * The body, or what matters of it. Numbers and strings are hashed. Example: `{"sku":"A-1","quantity":2}`
   */
  readonly data?: unknown;
  readonly [member: string]: unknown;
}

/** What is acted upon. */
export interface ApiResource {
  /** Readable. Example: `"order"` */
  readonly type?: string;
  /** By which it is found. Readable. Example: `"991"` */
  readonly id?: string;
  /** Whose it is. Readable. Example: `"eu-1"` */
  readonly tenant?: string;
  readonly [member: string]: unknown;
}

/** What was answered. */
export interface ApiResponse {
  /** The status of HTTP. Readable. Example: `201` */
  readonly status?: number;
  /** Length of the body, in bytes. Readable. Example: `512` */
  readonly bytes?: number;
  /** From the request to the answer, in milliseconds. Readable. Example: `12.5` */
  readonly duration_ms?: number;
  /** The body, or what matters of it. Numbers and strings are hashed. Example: `{"order_id":"991"}` */
  readonly data?: unknown;
  readonly [member: string]: unknown;
}
