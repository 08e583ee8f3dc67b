import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type LaneStatus, laneStates } from '../delivery/lane-status.ts';

/** The only metric that is fed as things happen: once a write, not once a record. */
export interface WriteTimes {
  /** Seconds that one write to the device took, whatever came of it. Unknown devices are ignored. */
  observeWrite(path: string, seconds: number): void;
  /** Makes the device's series appear, at zero. Call it before its first write. */
  addDevice(path: string, type: string): void;
  /** Makes the device's series vanish. */
  forgetDevice(path: string): void;
}

const labelNames = ['device', 'type'] as const;

// From a write into the page cache (some 50 µs) to beyond the default write timeout of 2 s.
const writeSeconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** What each device records, loses and waits for. */
export function registerDeviceMetrics(
  registry: Registry,
  source: { lanes(): readonly LaneStatus[] },
): WriteTimes {
  const registers = [registry];
  const lanes = oncePerScrape(() => source.lanes());

  const counter = (name: string, help: string, read: (lane: LaneStatus) => number): void => {
    new Counter({
      name: `audit_sidecar_device_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        // A series is there exactly as long as its device is.
        this.reset();
        for (const lane of lanes()) this.inc({ device: lane.path, type: lane.type }, read(lane));
      },
    });
  };
  /** Every reason there is has its series, at zero when it never came. */
  const counterByReason = (
    name: string,
    help: string,
    read: (lane: LaneStatus) => Readonly<Record<string, number>>,
  ): void => {
    new Counter({
      name: `audit_sidecar_device_${name}`,
      help,
      labelNames: [...labelNames, 'reason'],
      registers,
      collect() {
        this.reset();
        for (const lane of lanes()) {
          const { path: device, type } = lane;
          for (const [reason, count] of Object.entries(read(lane))) this.inc({ device, type, reason }, count);
        }
      },
    });
  };
  const gauge = (name: string, help: string, read: (lane: LaneStatus) => number): void => {
    new Gauge({
      name: `audit_sidecar_device_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const lane of lanes()) this.set({ device: lane.path, type: lane.type }, read(lane));
      },
    });
  };

  counter('records_recorded_total', 'Records the device has', (lane) => lane.counters.recorded);
  counter(
    'records_late_total',
    'Records that missed their deadline on the device; they may have been recorded since',
    (lane) => lane.counters.late,
  );
  counterByReason(
    'records_dropped_total',
    'Records that will never reach the device, by reason',
    (lane) => lane.counters.dropped,
  );
  counter(
    'records_resent_total',
    'Records sent again because the connection that took them broke',
    (lane) => lane.counters.resent,
  );
  counter('recorded_bytes_total', 'Bytes of recorded lines', (lane) => lane.counters.bytes);
  counter(
    'write_timeouts_total',
    'Writes that did not end within the write timeout',
    (lane) => lane.counters.timeouts,
  );
  counter(
    'reconnects_total',
    'Times the device was opened again after a failure',
    (lane) => lane.counters.reconnects,
  );
  counterByReason(
    'failures_total',
    'Failed attempts to open or write, by reason',
    (lane) => lane.counters.failures,
  );
  counter('blocked_seconds_total', 'Time in the state blocked', (lane) => lane.blockedMs / 1000);

  gauge('up', '1 while the device takes records in time', (lane) => (lane.takes ? 1 : 0));
  new Gauge({
    name: 'audit_sidecar_device_state',
    help: '1 for the state the device is in, 0 for the others',
    labelNames: [...labelNames, 'state'],
    registers,
    collect() {
      this.reset();
      for (const { path: device, type, state: present } of lanes()) {
        for (const state of laneStates) this.set({ device, type, state }, state === present ? 1 : 0);
      }
    },
  });
  gauge('blocked', '1 while a deadline has passed and the device reports no error', (lane) =>
    lane.state === 'blocked' ? 1 : 0,
  );
  gauge(
    'oldest_waiting_seconds',
    'Age of the oldest record that waits for the device',
    (lane) => lane.oldestWaitingMs / 1000,
  );
  gauge('queue_records', 'Records that wait for the device', (lane) => lane.queueRecords);
  gauge('queue_bytes', 'Bytes of lines that wait for the device', (lane) => lane.queueBytes);
  gauge('queue_limit_bytes', 'Bytes of lines that may wait', (lane) => lane.queueLimitBytes);

  return writeTimes(
    new Histogram({
      name: 'audit_sidecar_device_write_seconds',
      help: 'How long writes to the device took; one write carries many records',
      labelNames,
      buckets: writeSeconds,
      registers,
    }),
  );
}

function writeTimes(histogram: Histogram<(typeof labelNames)[number]>): WriteTimes {
  const known = new Map<string, { readonly type: string; readonly observe: (seconds: number) => void }>();
  return {
    observeWrite: (path, seconds) => known.get(path)?.observe(seconds),
    addDevice(path, type) {
      const { observe } = histogram.labels({ device: path, type });
      known.set(path, { type, observe });
      histogram.zero({ device: path, type });
    },
    forgetDevice(path) {
      const type = known.get(path)?.type;
      if (type === undefined) return;
      known.delete(path);
      histogram.remove({ device: path, type });
    },
  };
}

/** All metrics of one scrape show the same moment: the registry starts to collect them in one go. */
function oncePerScrape<T>(read: () => T): () => T {
  let taken: { readonly value: T } | null = null;
  return () => {
    if (taken === null) {
      taken = { value: read() };
      queueMicrotask(() => {
        taken = null;
      });
    }
    return taken.value;
  };
}
