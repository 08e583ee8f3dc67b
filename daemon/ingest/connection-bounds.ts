/** Bounds of one connection beside those of the configuration. */
export interface ConnectionBounds {
  /** Records in flight: bounds what tiny records cost beside their bytes. */
  readonly records: number;
  /** Reply bytes a sender may leave unread before nothing more is read from it. */
  readonly unreadBytes: number;
  /**
   * Bytes in flight on a connection whose sender reads no replies: it cannot be told that a record was not kept, so
   * little is taken from it before the devices have it.
   */
  readonly silentBytes: number;
}

export const connectionBounds: ConnectionBounds = {
  records: 65_536,
  unreadBytes: 64 * 1024,
  silentBytes: 256 * 1024,
};
