import type { ConnectionBounds } from '../../../daemon/ingest/connection-bounds.ts';
import type { LargeBounds } from '../../../daemon/ingest/large-records.ts';
import { turnSizes } from '../../../daemon/ingest/turns.ts';
import { Destination } from '../../simulation/destination.ts';
import { noSabotage } from '../../simulation/sabotage.ts';
import { type Life, noCosts } from '../../simulation/scenario.ts';
import { SimulatedDaemon } from '../../simulation/simulated-daemon.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';

const ample = 1_000_000;

/** The ingest side of a daemon, with file devices behind it, on a virtual clock. */
export class IngestUnderTest {
  readonly world: World = new World(1, false);
  readonly daemon: SimulatedDaemon;

  /** Bounds that a test leaves out are never reached. */
  constructor(
    limits: Partial<Life['limits']> = {},
    bounds: Partial<ConnectionBounds> = {},
    large: Partial<LargeBounds> = {},
  ) {
    const life: Life = {
      requirement: { kind: 'any' },
      devices: [],
      clients: [],
      changes: [],
      faultsEndAt: 0,
      ending: 'calm',
      endsAt: 0,
      steady: null,
      limits: { maxRecordBytes: 300, connectionBytes: ample, totalBytes: ample, ...limits },
      bounds: { records: ample, unreadBytes: ample, silentBytes: ample, ...bounds },
      turns: turnSizes,
      costs: noCosts,
      large: { aloneBytes: ample, workBytes: ample, ...large },
    };
    this.daemon = new SimulatedDaemon(this.world, life, noSabotage);
  }

  device(path: string, writeTimeoutMs = 1_000): Destination {
    const settings = {
      path,
      transport: 'file',
      bufferBytes: 0,
      wireMs: 0,
      maxLineBytes: Number.POSITIVE_INFINITY,
      latencyMs: 1,
    } as const;
    const destination = new Destination(this.world, settings);
    const lane = { writeTimeoutMs, queueBytes: ample, skipTest: true };
    this.daemon.enable({ destination: settings, lane, faults: [] }, destination);
    return destination;
  }

  async pass(ms: number): Promise<void> {
    let reached = false;
    this.world.after(ms, () => {
      reached = true;
    });
    await runTimers(this.world.clock, () => reached);
  }
}

export function record(number: number, path = 'secret/a'): string {
  return `{"type":"request","request":{"id":"r${number}","path":"${path}"}}`;
}
