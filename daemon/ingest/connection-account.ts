import type { StreamListenerConfig } from '../../config/config.ts';
import type { ClientSocket } from './client-socket.ts';
import type { ConnectionBounds } from './connection-bounds.ts';
import type { BudgetedReader } from './memory-budget.ts';
import type { ObjectCosts } from './object-costs.ts';
import type { Turnstile } from './turnstile.ts';
import type { UnreadReplies } from './unread-replies.ts';

export interface ConnectionAccountParts {
  readonly socket: Pick<ClientSocket, 'readableLength'>;
  readonly replies: StreamListenerConfig['replies'];
  readonly bounds: ConnectionBounds;
  readonly costs: ObjectCosts;
  readonly door: Turnstile;
  readonly unread: UnreadReplies;
  readonly resume: () => void;
  readonly giveWay: () => void;
}

/** What a client of a stream listener takes of the memory of all. */
export class ConnectionAccount implements BudgetedReader {
  readonly #parts: ConnectionAccountParts;
  readonly resume: () => void;
  readonly giveWay: () => void;

  constructor(parts: ConnectionAccountParts) {
    this.#parts = parts;
    this.resume = parts.resume;
    this.giveWay = parts.giveWay;
  }

  get bytes(): number {
    const { door, unread } = this.#parts;
    return door.heldBytes + this.inFlightBytes + (door.waitingBytes - this.#keptBytes) + unread.bytes;
  }

  get inFlightBytes(): number {
    const { door, costs, replies } = this.#parts;
    const record = replies === 'devices' ? costs.namedRecord : costs.record;
    return door.inFlightBytes + door.inFlightPlaces * costs.place + door.inFlightRecords * record;
  }

  /** What waits behind replies that are not read is stuck with them. */
  get stuckBytes(): number {
    const { door, unread, bounds } = this.#parts;
    const behind = unread.bytes < bounds.unreadBytes ? 0 : door.waitingBytes;
    return door.heldBytes + unread.bytes + behind;
  }

  get stuckSince(): number | null {
    const { door, unread } = this.#parts;
    const unfinished = door.unfinishedSince;
    if (unfinished === null || unread.since === null) return unfinished ?? unread.since;
    return Math.min(unfinished, unread.since);
  }

  get fixedBytes(): number {
    return this.#parts.costs.connection + this.#keptBytes;
  }

  get aheadBytes(): number {
    return this.#parts.socket.readableLength;
  }

  /** Of a silent sender, what no device can take yet: it cannot be told that it was given up. */
  get #keptBytes(): number {
    const { replies, door } = this.#parts;
    return replies === 'none' ? door.waitingBytes : 0;
  }
}
