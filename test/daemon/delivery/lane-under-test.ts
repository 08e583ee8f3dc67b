import { Batch } from '../../../daemon/delivery/batch.ts';
import { Lane } from '../../../daemon/delivery/lane.ts';
import type { LaneState } from '../../../daemon/delivery/lane-status.ts';
import { resolveQuorum } from '../../../daemon/delivery/requirement.ts';
import type { LineFormat } from '../../../format/formatter.ts';
import { type RenderedLines, renderedLines } from '../../../format/lines.ts';
import { ContractWatch } from '../../simulation/contract-watch.ts';
import { createSimulatedDevice } from '../../simulation/create-device.ts';
import { Destination, type Transport } from '../../simulation/destination.ts';
import { recordId } from '../../simulation/record-line.ts';
import type { SimulatedDevice } from '../../simulation/simulated-device.ts';
import { runTimers } from '../../simulation/virtual-clock.ts';
import { World } from '../../simulation/world.ts';

/** Lanes are given their lines by the tests. */
export const noFormat: LineFormat = {
  render: () => renderedLines(Buffer.alloc(0), new Uint32Array(), () => ''),
  hash: () => '',
  recipe: (maxLineBytes) => ({
    format: 0,
    hashed: 0,
    elide: false,
    prefix: Buffer.alloc(0),
    midstates: Buffer.alloc(0),
    maxLineBytes,
  }),
  dispose: () => {},
};

export interface LaneTestOptions {
  readonly transport?: Transport;
  readonly writeTimeoutMs?: number;
  readonly queueBytes?: number;
  readonly bufferBytes?: number;
  readonly maxLineBytes?: number;
}

/** Records that were given to the lane, numbered from `first`. */
export interface SentRecords {
  readonly first: number;
  readonly batch: Batch;
  /** By record: the outcome on this lane. */
  outcomes(): string[];
  /** Virtual milliseconds; null while the replies are not certain. */
  decidedAt(): number | null;
}

/** The lines of records with these numbers, as a device is given them. */
export function linesOf(records: readonly number[], bytesEach = 0): RenderedLines {
  const texts = records.map((record) => `${`{"id":"${recordId(record)}"}`.padEnd(bytesEach - 1)}\n`);
  let end = 0;
  const ends = Uint32Array.from(texts, (text) => {
    end += text.length;
    return end;
  });
  return renderedLines(Buffer.from(texts.join('')), ends, () => '');
}

/** A batch that arrived at `arrival` and needs the one lane it goes to. */
export function batchOf(count: number, arrival: number, decided: () => void = () => {}): Batch {
  return new Batch(count, arrival, resolveQuorum({ kind: 'any' }, ['device/']), false, decided);
}

/** One lane on a virtual clock, with the destination it writes to. */
export class LaneUnderTest {
  readonly world: World = new World(1, false);
  readonly destination: Destination;
  readonly lane: Lane;
  readonly states: LaneState[] = [];
  device!: SimulatedDevice;
  #records = 0;

  constructor(options: LaneTestOptions = {}) {
    const transport = options.transport ?? 'file';
    this.destination = new Destination(this.world, {
      path: 'device/',
      transport,
      bufferBytes: options.bufferBytes ?? (transport === 'stream' ? 10_000 : 0),
      wireMs: 0,
      maxLineBytes: options.maxLineBytes ?? Number.POSITIVE_INFINITY,
      latencyMs: 1,
    });
    this.lane = new Lane({
      path: 'device/',
      type: transport,
      options: {
        writeTimeoutMs: options.writeTimeoutMs ?? 1_000,
        queueBytes: options.queueBytes ?? 100_000,
        skipTest: true,
      },
      format: noFormat,
      clock: this.world.clock,
      events: { onState: (_lane, _from, to) => this.states.push(to), onWrite: () => {} },
      createDevice: (onLost) => {
        const { world, destination } = this;
        this.device = createSimulatedDevice({ world, destination, random: world.random.fork(), onLost });
        return new ContractWatch(this.device, world, 'device/');
      },
    });
  }

  /** Opens the device before the first record. */
  async open(): Promise<void> {
    const opened = this.lane.open();
    opened.catch(() => {});
    await this.pass(5);
    await opened;
  }

  send(count: number, bytesEach = 0): SentRecords {
    const first = this.#records;
    this.#records += count;
    const { world } = this;
    let decidedAt: number | null = null;
    const batch = batchOf(count, world.clock.now(), () => {
      decidedAt = world.clock.now();
    });
    const records = Array.from({ length: count }, (_, at) => first + at);
    this.lane.enqueue(batch, 0, linesOf(records, bytesEach));
    return {
      first,
      batch,
      outcomes: () => Array.from({ length: count }, (_, record) => batch.outcome(0, record)),
      decidedAt: () => decidedAt,
    };
  }

  /** Lets time pass, with the watchdog's looks. */
  async pass(ms: number): Promise<void> {
    let reached = false;
    const until = this.world.clock.now() + ms;
    const look = (): void => {
      this.lane.check();
      reached = this.world.clock.now() >= until;
      if (!reached) this.world.after(Math.min(100, until - this.world.clock.now()), look);
    };
    this.world.after(Math.min(100, ms), look);
    await runTimers(this.world.clock, () => reached);
    if (this.world.violation !== null) throw new Error(this.world.violation.detail);
  }

  /** Records in the log, each once, in the order in which they first came. */
  get delivered(): number[] {
    return [...new Set(this.destination.log)];
  }
}

export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, at) => from + at);
}

export function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value);
}
