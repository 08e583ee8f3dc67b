/** What the objects around a client's bytes take, in bytes. */
export interface ObjectCosts {
  /** A connection: its socket, its session, what is read ahead of it. Measured: 13 KiB. */
  readonly connection: number;
  /** A request over HTTP that has not been answered, and its answer until it is read. */
  readonly request: number;
  /** Records in flight that were read together. */
  readonly place: number;
  /** Each record in flight. */
  readonly record: number;
  /** Each record in flight that is named in its reply. */
  readonly namedRecord: number;
  /** Each reply that waits for others. */
  readonly reply: number;
}

export const objectCosts: ObjectCosts = {
  connection: 16 * 1024,
  request: 8 * 1024,
  place: 2 * 1024,
  record: 32,
  namedRecord: 256,
  reply: 64,
};
