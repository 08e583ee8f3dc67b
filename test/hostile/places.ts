/** Where a daemon under siege can be reached: UNIX sockets. */
export interface Places {
  /** `replies: status`. */
  readonly stream: string;
  /** `replies: devices`. */
  readonly devices: string;
  /** `POST /v1/records`. */
  readonly http: string;
  readonly admin: string;
}
