import type { ClientSocket } from '../../daemon/ingest/client-socket.ts';
import type { IngestCounters } from '../../daemon/ingest/ingest-counters.ts';
import type { BudgetedReader, MemoryBudget } from '../../daemon/ingest/memory-budget.ts';
import type { Reply } from '../../daemon/ingest/replies.ts';
import type { PlantedBug, Sabotage } from './sabotage.ts';
import { ChunksSwapped, TwoSessions } from './spoilt-sessions.ts';

/** Replies are told otherwise than the session decided. */
function told(change: (replies: readonly Reply[]) => readonly Reply[]): Sabotage {
  return { session: (open, tell) => open((replies) => tell(change(replies))) };
}

/** The same, but for what is otherwise. */
function otherwise<Real extends object>(real: Real, change: Partial<Real>): Real {
  return new Proxy(real, {
    get(_, name) {
      if (Object.hasOwn(change, name)) return change[name as keyof Real];
      const value = real[name as keyof Real];
      return typeof value === 'function' ? value.bind(real) : value;
    },
  });
}

function socketWith(change: Partial<ClientSocket>): Sabotage {
  return { socket: (socket) => otherwise(socket, change) };
}

function deafTo(unheard: 'end' | 'drain'): Sabotage {
  return {
    socket: (socket) =>
      otherwise(socket, {
        on: (event: string, listener: (chunk: Buffer) => void) => {
          if (event !== unheard) socket.on(event as 'data', listener);
        },
      }),
  };
}

/** A number that is another than what was counted. */
function miscounted(
  name: 'bytes' | 'bytesInFlight' | 'ok',
  count: (before: number, now: number) => number,
): Sabotage {
  return {
    ingest({ counters }: { counters: IngestCounters }) {
      let value = 0;
      Object.defineProperty(counters, name, {
        get: () => value,
        set: (now: number) => {
          value = count(value, now);
        },
      });
    },
  };
}

/** The budget sees other readers than there are. */
function readersAs(change: (reader: BudgetedReader) => BudgetedReader): Sabotage {
  return {
    budget(budget: MemoryBudget) {
      const readers = new Map<BudgetedReader, BudgetedReader>();
      const seen = (reader: BudgetedReader): BudgetedReader => {
        if (!readers.has(reader)) readers.set(reader, change(reader));
        return readers.get(reader)!;
      };
      const { join, leave, mayRead, mayPass } = budget;
      budget.join = (reader) => join.call(budget, seen(reader));
      budget.leave = (reader) => leave.call(budget, seen(reader));
      budget.mayRead = (reader) => mayRead.call(budget, seen(reader));
      budget.mayPass = (reader) => mayPass.call(budget, seen(reader));
    },
  };
}

function asOk(reply: Reply): Reply {
  if (reply.kind === 'refused') return { kind: 'ok', records: reply.records };
  return reply.kind === 'devices' ? { ...reply, refusal: null } : reply;
}

/** Bugs of the side that clients see, by the promise that each breaks. */
export const ingestBugs: Readonly<Record<string, PlantedBug>> = {
  'ok-twice': {
    breaks: 'one reply a record',
    ...told((replies) =>
      replies.map((reply) => (reply.kind === 'ok' ? { ...reply, records: reply.records + 1 } : reply)),
    ),
  },
  'refusals-untold': {
    breaks: 'one reply a record',
    ...told((replies) => replies.filter((reply) => reply.kind !== 'refused')),
  },
  'replies-to-those-who-read-none': {
    breaks: 'one reply a record',
    replies: (replies) => (replies === 'none' ? 'status' : replies),
  },
  /** A connection closes while replies are due. */
  'closed-early': {
    breaks: 'one reply a record',
    session: (open, tell) => Object.defineProperty(open(tell), 'answered', { value: true }),
  },

  /** Replies go out as they are decided. */
  'reply-order': {
    breaks: 'true replies, in order',
    session: (open, tell) => new TwoSessions(open, tell),
  },
  'refused-told-as-ok': { breaks: 'true replies, in order', ...told((replies) => replies.map(asOk)) },
  'names-forgotten': {
    breaks: 'true replies, in order',
    ...told((replies) =>
      replies.map((reply) => (reply.kind === 'devices' ? { ...reply, name: { id: '', type: '' } } : reply)),
    ),
  },

  /** A daemon that is killed has not told in time, either. */
  'nothing-told': { breaks: 'a reply in time', ...told(() => []) },
  'told-seconds-later': {
    breaks: 'a reply in time',
    session: (open, tell, clock) =>
      open((replies) => {
        clock.setTimer(5_000, () => tell(replies));
      }),
  },
  /** A reply that is not ok waits for the next that is. */
  'refusals-told-later': {
    breaks: 'a reply in time',
    session: (open, tell) => {
      let kept: readonly Reply[] = [];
      return open((replies) => {
        kept = [...kept, ...replies];
        if (!replies.some((reply) => reply.kind === 'ok')) return;
        tell(kept);
        kept = [];
      });
    },
  },

  'chunks-swapped': { breaks: 'order', session: (open, tell) => new ChunksSwapped(open, tell) },
  'batches-overtaken': {
    breaks: 'order',
    lane(lane, clock) {
      const enqueue = lane.enqueue.bind(lane);
      let batches = 0;
      lane.enqueue = (...offered) => {
        if (batches++ % 3 === 0) clock.setTimer(10, () => enqueue(...offered));
        else enqueue(...offered);
      };
    },
  },

  'total-not-asked': {
    breaks: 'memory within bounds',
    budget(budget) {
      budget.mayRead = () => true;
      budget.mayPass = () => true;
    },
  },
  'in-flight-not-counted': {
    breaks: 'memory within bounds',
    ...readersAs((reader) => ({
      get bytes() {
        return reader.stuckBytes;
      },
      inFlightBytes: 0,
      get stuckBytes() {
        return reader.stuckBytes;
      },
      get stuckSince() {
        return reader.stuckSince;
      },
      get fixedBytes() {
        return reader.fixedBytes;
      },
      get aheadBytes() {
        return reader.aheadBytes;
      },
      resume: () => reader.resume(),
      giveWay: () => reader.giveWay(),
    })),
  },
  'total-of-another-daemon': {
    breaks: 'memory within bounds',
    ingest(ingest) {
      ingest.limits = { ...ingest.limits, totalBytes: ingest.limits.totalBytes * 1_000 };
    },
  },

  'no-pause': { breaks: 'back pressure', ...socketWith({ pause: () => {} }) },
  'connection-unbounded': {
    breaks: 'back pressure',
    ingest(ingest) {
      ingest.limits = { ...ingest.limits, connectionBytes: ingest.limits.connectionBytes * 1_000 };
    },
  },
  'records-unbounded': {
    breaks: 'back pressure',
    bounds: (bounds) => ({ ...bounds, records: bounds.records * 1_000 }),
  },
  'unread-unbounded': {
    breaks: 'back pressure',
    bounds: (bounds) => ({ ...bounds, unreadBytes: bounds.unreadBytes * 1_000 }),
  },
  'silent-unbounded': {
    breaks: 'back pressure',
    bounds: (bounds) => ({ ...bounds, silentBytes: bounds.silentBytes * 1_000 }),
  },
  /** Senders that cannot be told are read from whether a device can record or not. */
  'silent-not-held-back': {
    breaks: 'back pressure',
    ingest: (ingest) => {
      Object.assign(ingest, { broker: otherwise(ingest.broker, { canRecord: () => true }) });
    },
  },

  'there-taken-for-gone': {
    breaks: 'back pressure',
    clientEnd: (end) => ({ ...end, peerGone: () => true }),
  },

  'gone-not-seen': { breaks: 'gone clients leave', clientEnd: (end) => ({ ...end, peerGone: () => false }) },
  'nothing-kept-of-the-gone': {
    breaks: 'gone clients leave',
    budget(budget) {
      budget.mayKeep = () => false;
    },
  },
  'never-closed': { breaks: 'gone clients leave', ...socketWith({ destroy: () => {} }) },
  /** Who is gone is closed with what the system still holds of it. */
  'gone-not-read-to-the-end': {
    breaks: 'nothing is lost',
    clientEnd: (end, socket) => ({
      ...end,
      peerGone() {
        const gone = end.peerGone();
        if (gone) socket.destroy();
        return gone;
      },
    }),
  },

  'drain-unheard': { breaks: 'it goes on', ...deafTo('drain') },
  'end-unheard': { breaks: 'it goes on', ...deafTo('end') },
  'no-resume': { breaks: 'it goes on', ...socketWith({ resume: () => {} }) },
  'turn-not-given': {
    breaks: 'it goes on',
    ...readersAs((reader) => ({
      get bytes() {
        return reader.bytes;
      },
      get inFlightBytes() {
        return reader.inFlightBytes;
      },
      get fixedBytes() {
        return reader.fixedBytes;
      },
      get aheadBytes() {
        return reader.aheadBytes;
      },
      get stuckBytes() {
        return reader.stuckBytes;
      },
      get stuckSince() {
        return reader.stuckSince;
      },
      resume: () => {},
      giveWay: () => reader.giveWay(),
    })),
  },

  'bytes-counted-twice': {
    breaks: 'counters agree',
    ...miscounted('bytes', (before, now) => 2 * now - before),
  },
  'ok-uncounted': { breaks: 'counters agree', ...miscounted('ok', () => 0) },
  'in-flight-for-ever': {
    breaks: 'counters agree',
    ...miscounted('bytesInFlight', (before, now) => Math.max(before, now)),
  },

  'written-behind-the-end': { breaks: 'no unhandled error', ...socketWith({ writable: true }) },
  'end-of-input-throws': {
    breaks: 'no unhandled error',
    session: (open, tell) =>
      Object.assign(open(tell), {
        end(): void {
          throw new Error('planted');
        },
      }),
  },
  'timer-throws': {
    breaks: 'no unhandled error',
    session: (open, tell, clock) => {
      clock.setTimer(100, () => {
        throw new Error('planted');
      });
      return open(tell);
    },
  },
};
