import type { Requirement } from '../../config/config.ts';
import type { LineFormat } from '../../format/formatter.ts';
import type { RenderedLines } from '../../format/lines.ts';
import { Batch } from './batch.ts';
import { firstFew, shortPath } from './first-few.ts';
import type { Lane } from './lane.ts';
import { takesRecords } from './lane-status.ts';
import { isMet, type Quorum, resolveQuorum, troubleOf } from './requirement.ts';

/** Why records are offered to no lane: the daemon stops, or no device is enabled. */
export type Declined = 'stopping' | 'no_device';

/** The records of one chunk that are to be recorded. */
export interface Submission {
  /** At least 1. */
  readonly records: number;
  /** Monotonic milliseconds at which they were read. */
  readonly arrival: number;
  /** Decide only when every device has an outcome. */
  readonly waitForAll: boolean;
  /** Offered to the devices while the daemon stops, too: it was read before, or its sender cannot be told `stopping`. */
  readonly admitted: boolean;
  /** One line a record as one device wants them; called during `submit` only. */
  readonly render: (format: LineFormat, maxLineBytes: number) => RenderedLines;
  /** Called once, possibly during `submit`. */
  readonly decided: (batch: Batch) => void;
}

/** Offers every batch to every lane at once. It waits for none of them: each batch is decided by the lanes' outcomes. */
export class Broker {
  #requirement: Requirement;
  #lanes: readonly Lane[] = [];
  #quorum: Quorum;
  #stopping = false;

  constructor(requirement: Requirement) {
    this.#requirement = requirement;
    this.#quorum = resolveQuorum(requirement, []);
  }

  /** The enabled lanes, in the order they were added. */
  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  get requirement(): Requirement {
    return this.#requirement;
  }

  /** From the next batch on. */
  setRequirement(requirement: Requirement): void {
    this.#requirement = requirement;
    this.#setLanes(this.#lanes);
  }

  /** From the next batch on. A lane with the same path is replaced in its place; the caller ends the old one. */
  add(lane: Lane): void {
    const place = this.#lanes.findIndex((other) => other.path === lane.path);
    this.#setLanes(place === -1 ? [...this.#lanes, lane] : this.#lanes.with(place, lane));
  }

  /** From the next batch on the lane is offered nothing; the caller ends it. */
  remove(lane: Lane): void {
    this.#setLanes(this.#lanes.filter((other) => other !== lane));
  }

  #setLanes(lanes: readonly Lane[]): void {
    this.#lanes = lanes;
    this.#quorum = resolveQuorum(
      this.#requirement,
      lanes.map((lane) => lane.path),
    );
  }

  /** From now on every record is answered `stopping`, if its sender is answered at all. */
  stop(): void {
    this.#stopping = true;
  }

  /** Whether records that are read now are not offered to the devices any more. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** Hands the records to all lanes; or says why none of them is offered to any. */
  submit(submission: Submission): Declined | null {
    if (this.#stopping && !submission.admitted) return 'stopping';
    const lanes = this.#lanes;
    if (lanes.length === 0) return 'no_device';
    const batch = new Batch(
      submission.records,
      submission.arrival,
      this.#quorum,
      submission.waitForAll,
      submission.decided,
    );
    // A slow, failing or blocked lane is offered the batch like any other: it queues, or drops and counts.
    for (let slot = 0; slot < lanes.length; slot++) {
      const lane = lanes[slot]!;
      lane.enqueue(batch, slot, submission.render(lane.format, lane.maxLineBytes));
    }
    batch.tellWhenDecided();
    return null;
  }

  /** Whether the requirement can be met by lanes that work and have room: what a sender that reads no replies waits for. */
  canRecord(): boolean {
    return isMet(this.#quorum, (slot) => this.#lanes[slot]!.hasRoom);
  }

  /** Whether the requirement can be met by lanes that work, though they may have no room at the moment. */
  get works(): boolean {
    return isMet(this.#quorum, (slot) => takesRecords(this.#lanes[slot]!.state));
  }

  /** What is wrong with the required lanes, in words for a reply and bounded: paths, states and reasons, nothing of any record. */
  explain(): string {
    const { need, qualifies } = this.#quorum;
    const what =
      need > 1 ? 'not every required device recorded it in time' : 'no required device recorded it in time';
    const troubled = this.#lanes.filter((lane, slot) => qualifies[slot] && lane.state !== 'ok');
    if (troubled.length === 0) return what;
    const named = firstFew(troubled, ', ', (lane) => `${shortPath(lane.path)} ${troubleOf(lane.status())}`);
    return `${what}: ${named}`;
  }
}
