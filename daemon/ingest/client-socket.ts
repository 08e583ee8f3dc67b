/** What a connection uses of a `net.Socket`: so little that the simulator has one on virtual time. */
export interface ClientSocket {
  /** Until our side has ended, or the connection is gone. */
  readonly writable: boolean;
  /** Bytes written that the operating system has not taken. */
  readonly writableLength: number;
  /** Bytes read ahead, which come when it is resumed. */
  readonly readableLength: number;
  isPaused(): boolean;
  pause(): unknown;
  resume(): unknown;
  /** Neither it nor `resume` tells of an event before it returns. */
  write(bytes: Buffer): unknown;
  /** Ends our side behind what was written. */
  end(): unknown;
  destroy(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  /** `end`: the client's end of input, behind the last `data`, even while paused. `close`: nothing follows. */
  on(event: 'end' | 'drain' | 'error' | 'close', listener: () => void): unknown;
  /** `finish`: the operating system has all that was written. */
  once(event: 'finish' | 'close', listener: () => void): unknown;
}
