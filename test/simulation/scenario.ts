import type { Requirement } from '../../config/config.ts';
import type { ConnectionBounds } from '../../daemon/ingest/connection-bounds.ts';
import type { LargeBounds } from '../../daemon/ingest/large-records.ts';
import type { ObjectCosts } from '../../daemon/ingest/object-costs.ts';
import type { TurnSizes } from '../../daemon/ingest/turns.ts';
import type { LaneOptions } from '../../devices/device-kind.ts';
import type { DestinationSettings, Transport, Trouble } from './destination.ts';
import type { Random } from './random.ts';
import type { SocketBuffers } from './simulated-socket.ts';

export const noCosts: ObjectCosts = {
  connection: 0,
  request: 0,
  place: 0,
  record: 0,
  namedRecord: 0,
  reply: 0,
};

/** What happens to a destination, when. Times are virtual milliseconds from the start of the life it happens in. */
export type Fault =
  | { readonly kind: 'trouble'; readonly at: number; readonly ms: number; readonly trouble: Trouble }
  | { readonly kind: 'break'; readonly at: number; readonly inOrder: boolean }
  | { readonly kind: 'vanish'; readonly at: number };

/** What an operator does. */
export type Change =
  | { readonly kind: 'disable'; readonly at: number; readonly device: number }
  | { readonly kind: 'reopen'; readonly at: number; readonly device: number }
  | { readonly kind: 'require'; readonly at: number; readonly requirement: Requirement };

export interface DevicePlan {
  readonly destination: DestinationSettings;
  readonly lane: LaneOptions;
  readonly faults: readonly Fault[];
}

export type Replies = 'status' | 'devices' | 'none';

export interface ClientPlan {
  readonly replies: Replies;
  readonly records: number;
  readonly startsAt: number;
  /** Records it sends ahead of their replies. */
  readonly window: number;
  /** Longest pause between two chunks. */
  readonly pauseMs: number;
  readonly chunkBytes: number;
  /** Its chunks end with a line, as those of a client that writes record by record. */
  readonly wholeLines: boolean;
  /** Whether it goes away before the end, without a word. */
  readonly vanishes: boolean;
  /** Whether it ends its input behind the last record; otherwise it stays until the daemon closes. */
  readonly endsInput: boolean;
  /** How it reads its replies. */
  readonly reads: 'at_once' | 'slowly' | 'never';
  readonly buffers: SocketBuffers;
}

/** One life of the daemon, from a start to a stop or a kill. */
export interface Life {
  readonly requirement: Requirement;
  readonly devices: readonly DevicePlan[];
  readonly clients: readonly ClientPlan[];
  readonly changes: readonly Change[];
  /** All troubles are over by then. */
  readonly faultsEndAt: number;
  /** `calm`: stops in order once all is written; the others at `endsAt`. */
  readonly ending: 'calm' | 'stop' | 'kill';
  readonly endsAt: number;
  /** A device without trouble of its own, under `any`, never disabled: no other may add to the time of its replies. */
  readonly steady: number | null;
  readonly limits: {
    readonly maxRecordBytes: number;
    readonly connectionBytes: number;
    readonly totalBytes: number;
  };
  readonly bounds: ConnectionBounds;
  readonly turns: TurnSizes;
  readonly costs: ObjectCosts;
  readonly large: LargeBounds;
}

/** What a seed stands for. Lives share their destinations: a daemon finds what the one before it left. */
export interface Scenario {
  readonly destinations: readonly DestinationSettings[];
  readonly lives: readonly Life[];
}

export function drawScenario(random: Random): Scenario {
  const count = random.chance(0.05) ? 0 : random.whole(1, 4);
  const steady = count > 0 && random.chance(0.4);
  const destinations = Array.from({ length: count }, (_, at) =>
    drawDestination(random, at, steady && at === 0),
  );
  const lives = [drawLife(random, destinations, steady, random.pick(['calm', 'calm', 'stop', 'kill']))];
  if (lives[0]!.ending !== 'calm' || random.chance(0.1)) {
    if (random.chance(0.5)) lives.push(drawLife(random, destinations, steady, 'calm'));
  }
  return { destinations, lives };
}

function drawDestination(random: Random, at: number, steady: boolean): DestinationSettings {
  const transport = steady ? 'file' : random.pick<Transport>(['file', 'stream', 'stream', 'datagram']);
  const bufferBytes = transport === 'stream' ? random.pick([600, 4_000, 60_000]) : 0;
  return {
    path: `${transport}${at}/`,
    transport,
    bufferBytes,
    // A far peer with small buffers would take minutes.
    wireMs: bufferBytes > 1_000 ? random.pick([0, 0, 5, 900]) : 0,
    maxLineBytes: transport === 'datagram' ? random.pick([300, 1_000]) : Number.POSITIVE_INFINITY,
    latencyMs: random.pick([0.2, 2, 10]),
  };
}

function drawLife(
  random: Random,
  destinations: readonly DestinationSettings[],
  steady: boolean,
  ending: Life['ending'],
): Life {
  const faultsEndAt = random.between(500, 6_000);
  const devices = destinations.map((destination, at) =>
    steady && at === 0
      ? { destination, lane: { writeTimeoutMs: 2_000, queueBytes: 1_048_576, skipTest: true }, faults: [] }
      : drawDevice(random, destination, faultsEndAt),
  );
  const requirement: Requirement = steady ? { kind: 'any' } : drawRequirement(random, destinations);
  return {
    requirement,
    devices,
    clients: Array.from({ length: random.whole(1, 4) }, () => drawClient(random, faultsEndAt)),
    changes: drawChanges(random, destinations, steady, faultsEndAt),
    faultsEndAt,
    ending,
    endsAt: random.between(50, faultsEndAt + 1_000),
    steady: steady ? 0 : null,
    limits: {
      maxRecordBytes: random.pick([600, 4_000]),
      connectionBytes: random.pick([500, 4_000, 1_000_000]),
      totalBytes: random.pick([1_500, 10_000, 1_000_000]),
    },
    bounds: {
      records: random.pick([2, 10, 1_000]),
      unreadBytes: random.pick([100, 1_000, 100_000]),
      silentBytes: random.pick([300, 2_000]),
    },
    costs: random.pick([
      noCosts,
      { connection: 200, request: 0, place: 50, record: 5, namedRecord: 20, reply: 10 },
    ]),
    turns: { turnCost: random.pick([1, 5, 1_000]), pieceCost: random.pick([1, 3, 100]) },
    large: random.pick([
      { aloneBytes: 1_000_000, workBytes: 0 },
      { aloneBytes: 100, workBytes: 400 },
      { aloneBytes: 300, workBytes: 2_000 },
    ]),
  };
}

function drawDevice(random: Random, destination: DestinationSettings, faultsEndAt: number): DevicePlan {
  const faults: Fault[] = [];
  const troubles = random.below(4);
  for (let at = 0; at < troubles; at++) {
    const trouble = random.pick<Trouble>(['slow', 'hang', 'failing', 'refusing']);
    const ms = random.pick([30, 300, 3_000, 100_000]) * random.between(0.5, 1);
    faults.push({ kind: 'trouble', at: random.between(0, faultsEndAt), ms, trouble });
  }
  if (destination.transport === 'stream') {
    const breaks = random.below(4);
    for (let at = 0; at < breaks; at++) {
      faults.push({ kind: 'break', at: random.between(0, faultsEndAt), inOrder: random.chance(0.5) });
    }
    // Rare: it takes minutes of virtual time until the lane gives such a connection up.
    if (random.chance(0.02)) faults.push({ kind: 'vanish', at: random.between(0, faultsEndAt) });
  }
  const lane = {
    writeTimeoutMs: random.chance(0.04) ? 0 : random.pick([50, 300, 2_000]),
    queueBytes: random.pick([700, 3_000, 20_000, 1_048_576]),
    skipTest: true,
  };
  return { destination, lane, faults };
}

function drawRequirement(random: Random, destinations: readonly DestinationSettings[]): Requirement {
  const kind = random.pick(['any', 'any', 'all', 'count', 'devices'] as const);
  if (kind === 'count') return { kind, count: random.whole(1, Math.max(1, destinations.length)) };
  if (kind !== 'devices') return { kind };
  const paths = destinations.filter(() => random.chance(0.6)).map((destination) => destination.path);
  return paths.length === 0 ? { kind: 'any' } : { kind, paths };
}

function drawClient(random: Random, faultsEndAt: number): ClientPlan {
  const replies = random.pick<Replies>(['status', 'status', 'devices', 'none']);
  return {
    replies,
    records: random.whole(1, 25),
    startsAt: random.between(0, faultsEndAt * 0.7),
    window: random.pick([1, 5, 1_000]),
    pauseMs: random.pick([0.5, 20, 400]),
    chunkBytes: random.pick([100, 400, 5_000]),
    wholeLines: random.chance(0.4),
    vanishes: random.chance(replies === 'none' ? 0.4 : 0.1),
    endsInput: random.chance(0.7),
    reads: random.pick(['at_once', 'at_once', 'at_once', 'slowly', 'never']),
    buffers: {
      toDaemon: random.pick([300, 5_000, 1_000_000]),
      read: random.pick([100, 2_000, 65_536]),
      toClient: random.pick([50, 1_000, 1_000_000]),
      // Never more than the unread bytes at which a connection waits for `drain`.
      highWater: 1,
    },
  };
}

function drawChanges(
  random: Random,
  destinations: readonly DestinationSettings[],
  steady: boolean,
  faultsEndAt: number,
): Change[] {
  const changes: Change[] = [];
  const count = random.chance(0.5) ? 0 : random.whole(1, 4);
  for (let drawn = 0; drawn < count; drawn++) {
    const at = random.between(0, faultsEndAt);
    const kind = random.pick(['disable', 'reopen', 'require'] as const);
    const device = random.below(destinations.length);
    if (kind === 'require') {
      if (!steady) changes.push({ kind, at, requirement: drawRequirement(random, destinations) });
    } else if (destinations.length > 0 && !(steady && device === 0 && kind === 'disable')) {
      changes.push({ kind, at, device });
    }
  }
  return changes;
}
