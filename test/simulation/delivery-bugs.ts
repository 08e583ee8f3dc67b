import type { Requirement } from '../../config/config.ts';
import type { Broker } from '../../daemon/delivery/broker.ts';
import type { Device, WriteOutcome } from '../../devices/device.ts';
import { type Lines, sliceLines } from '../../format/lines.ts';
import type { Destination } from './destination.ts';
import type { PlantedBug, Sabotage } from './sabotage.ts';
import { ForgetfulDevice, OnceOpenedDevice, WrappedDevice } from './spoilt-devices.ts';

/** A device of which one call is otherwise. */
function deviceWith(change: (device: Device) => Partial<Device>): Sabotage {
  return { device: (device) => Object.assign(new WrappedDevice(device), change(device)) };
}

/** The broker goes by another policy than the operator's. */
function requiring(change: (requirement: Requirement) => Requirement): Sabotage {
  return {
    ingest({ broker }: { broker: Broker }) {
      const set = broker.setRequirement.bind(broker);
      broker.setRequirement = (requirement) => set(change(requirement));
      broker.setRequirement(broker.requirement);
    },
  };
}

function withOutcome(change: (outcome: WriteOutcome, lines: Lines) => WriteOutcome): Sabotage {
  return deviceWith((device) => ({
    write: async (lines, signal) => change(await device.write(lines, signal), lines),
  }));
}

/** Whatever is written there, this happens as well. */
function atAppend(also: (destination: Destination, record: number) => void): Sabotage {
  return {
    destination(destination) {
      const append = destination.append.bind(destination);
      destination.append = (record) => {
        append(record);
        also(destination, record);
      };
    },
  };
}

function backwards({ bytes, ends }: Lines): Lines {
  const lines = Array.from(ends, (end, line) =>
    bytes.subarray(line === 0 ? 0 : ends[line - 1], end),
  ).reverse();
  let end = 0;
  return {
    bytes: Buffer.concat(lines),
    ends: Uint32Array.from(lines, (line) => {
      end += line.length;
      return end;
    }),
  };
}

/** Bugs of lanes, devices and quorum, by the promise that each breaks. */
export const deliveryBugs: Readonly<Record<string, PlantedBug>> = {
  'never-opened': { breaks: 'device contract', ...deviceWith(() => ({ open: async () => {} })) },
  /** After a failure it is written to as if it were open. */
  'opened-once': { breaks: 'device contract', device: (device) => new OnceOpenedDevice(device) },
  'closed-twice': {
    breaks: 'device contract',
    ...deviceWith((device) => ({
      close: async (signal: AbortSignal) => {
        await device.close(signal);
        await device.close(signal);
      },
    })),
  },
  'two-writes-at-once': {
    breaks: 'device contract',
    ...deviceWith((device) => ({
      write: async (lines, signal) => {
        const count = lines.ends.length;
        if (count < 2) return device.write(lines, signal);
        const rest = device.write(sliceLines(lines, 1, count), signal);
        await device.write(sliceLines(lines, 0, 1), signal);
        const outcome = await rest;
        return { ...outcome, settled: outcome.settled + 1 };
      },
    })),
  },

  'half-line-left': {
    breaks: 'whole lines',
    destination(destination) {
      destination.endHalfLine = () => {};
    },
  },
  'cut-back-once': {
    breaks: 'whole lines',
    destination(destination) {
      const endHalfLine = destination.endHalfLine.bind(destination);
      destination.endHalfLine = () => {
        endHalfLine();
        destination.endHalfLine = () => {};
      };
    },
  },
  /** A write that ends well leaves half a line of what comes next. */
  'torn-in-silence': {
    breaks: 'whole lines',
    ...atAppend((destination, record) => {
      if (record % 7 === 0) destination.tear();
    }),
  },

  /** What a stream took is forgotten at once, so that a broken connection loses it. */
  'tail-not-kept': { breaks: 'nothing is lost', ...deviceWith(() => ({ tailBytes: 0 })) },
  /** Only the last line that a stream took is kept. */
  'tail-of-a-line': {
    breaks: 'nothing is lost',
    ...deviceWith((device) => ({ tailBytes: Math.min(device.tailBytes, 1) })),
  },
  /** A break is no news to the lane. */
  'break-untold': { breaks: 'nothing is lost', lost: () => null },

  /** A record counts as recorded once it is queued. */
  'reply-before-recorded': {
    breaks: 'true replies, in order',
    lane(lane) {
      const enqueue = lane.enqueue.bind(lane);
      lane.enqueue = (batch, slot, rendered) => {
        batch.settle(slot, 0, batch.count, 'recorded');
        enqueue(batch, slot, rendered);
      };
    },
  },
  /** After a failure, what is sent again counts as written without being written. */
  'lost-batch-on-retry': {
    breaks: 'true replies, in order',
    device: (device) => new ForgetfulDevice(device),
  },
  'one-line-too-many-settled': {
    breaks: 'true replies, in order',
    ...withOutcome((outcome, lines) => ({
      ...outcome,
      settled: Math.min(lines.ends.length, outcome.settled + 1),
    })),
  },
  'refused-as-recorded': {
    breaks: 'true replies, in order',
    ...withOutcome((outcome) => ({ ...outcome, refused: [] })),
  },
  'all-as-any': {
    breaks: 'true replies, in order',
    ...requiring((requirement) => (requirement.kind === 'all' ? { kind: 'any' } : requirement)),
  },
  'one-fewer-than-the-count': {
    breaks: 'true replies, in order',
    ...requiring((requirement) =>
      requirement.kind === 'count' && requirement.count > 1
        ? { kind: 'count', count: requirement.count - 1 }
        : requirement,
    ),
  },
  'any-as-all': {
    breaks: 'true replies, in order',
    ...requiring((requirement) => (requirement.kind === 'any' ? { kind: 'all' } : requirement)),
  },
  'named-devices-as-any': {
    breaks: 'true replies, in order',
    ...requiring((requirement) => (requirement.kind === 'devices' ? { kind: 'any' } : requirement)),
  },

  /** Nothing is ever late. */
  'no-deadline': {
    breaks: 'a reply in time',
    laneOptions: (options) => ({ ...options, writeTimeoutMs: 0 }),
  },
  'deadline-a-second-late': {
    breaks: 'a reply in time',
    laneOptions: (options) => ({
      ...options,
      writeTimeoutMs: options.writeTimeoutMs === 0 ? 0 : options.writeTimeoutMs + 1_000,
    }),
  },

  /** The bound on what waits is a thousand times what was configured. */
  'unbounded-queue': {
    breaks: 'memory within bounds',
    laneOptions: (options) => ({ ...options, queueBytes: options.queueBytes * 1_000 }),
  },

  'lines-backwards': {
    breaks: 'order',
    ...deviceWith((device) => ({ write: (lines, signal) => device.write(backwards(lines), signal) })),
  },

  /** A device that was closed in order is closed for good. */
  'never-opened-again': {
    breaks: 'it goes on',
    ...deviceWith((device) => {
      let opened = false;
      return {
        open: (signal) => {
          if (opened) return new Promise(() => {});
          opened = true;
          return device.open(signal);
        },
      };
    }),
  },
  'tenth-write-without-end': {
    breaks: 'it goes on',
    ...deviceWith((device) => {
      let writes = 0;
      return {
        write: (lines, signal) => (++writes === 10 ? new Promise(() => {}) : device.write(lines, signal)),
      };
    }),
  },
};
