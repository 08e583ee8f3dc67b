import type { LaneStatus } from '../../daemon/delivery/lane-status.ts';
import type { Ledger } from './reply-oracle.ts';
import type { EnabledDevice, SimulatedDaemon } from './simulated-daemon.ts';
import type { World } from './world.ts';

/** A line of the simulator is longer than this: so many entries at most hold the bytes of a tail. */
const shortestLineBytes = 100;
const entryOverheadBytes = 512;

/** Promise 4: what waits stays within its bound, or is one batch; and lines that are sent again, with their tail. */
export function checkQueues(
  world: World,
  devices: readonly EnabledDevice[],
  largestBatchBytes: number,
): void {
  for (const { lane, plan } of devices) {
    const { bufferBytes } = plan.destination;
    const bound = Math.max(plan.lane.queueBytes, largestBatchBytes);
    const tail = bufferBytes === 0 ? 0 : (bufferBytes + bound) * (1 + entryOverheadBytes / shortestLineBytes);
    const { queueBytes } = lane.status();
    if (queueBytes > bound + tail) {
      world.violated(
        'memory within bounds',
        `${queueBytes} bytes wait for ${lane.path}, bound ${bound + tail}`,
      );
    }
  }
}

/**
 * Promise 11: raw bytes stay within `total_bytes`, but for the even shares of those that hold little, and of each
 * connection a chunk that is read before anybody asks.
 */
export function checkMemory(world: World, daemon: SimulatedDaemon, largestReadBytes: number): void {
  // What a silent client could send is read to its end then, and may wait behind a large record.
  if (daemon.isStopping) return;
  const { totalBytes } = daemon.limits;
  let held = 0;
  for (const connection of daemon.connections) held += connection.bytes;
  const bound = 2 * totalBytes + daemon.connections.size * largestReadBytes;
  if (held > bound) world.violated('memory within bounds', `${held} raw bytes are held, bound ${bound}`);
}

/** Every record is counted once wherever it went. For a life that ended in order. */
export function checkCounters(world: World, daemon: SimulatedDaemon, ledger: Ledger): void {
  const wrong = (what: string): void => world.violated('counters agree', what);
  for (const device of daemon.ended) {
    const status = device.lane.status();
    const offered = ledger.offered.get(device) ?? 0;
    const accounted = status.counters.recorded + sum(Object.values(status.counters.dropped));
    if (accounted !== offered)
      wrong(`${status.path}: ${accounted} of ${offered} records: ${describe(status)}`);
    if (status.counters.late > offered) wrong(`${status.path}: more late than offered`);
    if (status.queueRecords !== 0 || status.queueBytes !== 0)
      wrong(`${status.path}: a closed queue is not empty`);
  }
  const { received, bytes, ok, refused, bytesInFlight, connections } = daemon.counters;
  if (bytes !== ledger.bytes) wrong(`${bytes} bytes received of ${ledger.bytes}`);
  if (connections !== 0) wrong(`${connections} connections at the end`);
  if (received !== ledger.received) wrong(`${received} received of ${ledger.received}`);
  if (ok + sum(Object.values(refused)) !== received) wrong(`${ok} ok of ${received}`);
  if (bytesInFlight !== 0) wrong(`${bytesInFlight} bytes in flight at the end`);
}

function describe({ counters }: LaneStatus): string {
  return JSON.stringify({ recorded: counters.recorded, dropped: counters.dropped });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
