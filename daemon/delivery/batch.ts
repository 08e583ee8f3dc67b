import type { Quorum } from './requirement.ts';

/**
 * What became of one record on one device. `pending` until the first of: the device recorded it, its deadline
 * passed, it was dropped, or the device did not want it (`filtered`). Every outcome but `pending` is final: a record
 * that arrives after its deadline stays `late`.
 */
export const outcomes = [
  'pending',
  'recorded',
  'late',
  'queue_full',
  'too_large',
  'filtered',
  'disabled',
  'stopping',
] as const;
export type Outcome = Exclude<(typeof outcomes)[number], 'pending'>;

const outcomeCodes = Object.fromEntries(outcomes.map((outcome, code) => [outcome, code])) as Record<
  (typeof outcomes)[number],
  number
>;
const pendingCode = outcomeCodes.pending;
const recordedCode = outcomeCodes.recorded;
const filteredCode = outcomeCodes.filtered;

const undecided = 0;
const satisfied = 1;
const failed = 2;

/**
 * The records of one chunk on their way through all lanes. Lanes settle ranges of records; the batch tells its
 * owner once, when the reply to every record is certain.
 */
export class Batch {
  /** Records in the batch. */
  readonly count: number;
  /** Monotonic milliseconds at which the records were read; deadlines count from here. */
  readonly arrival: number;
  /** Device paths by lane slot. */
  readonly paths: readonly string[];
  readonly #qualifies: readonly boolean[];
  readonly #excusesFiltered: boolean;
  readonly #waitForAll: boolean;
  readonly #decided: (batch: Batch) => void;
  /** By slot, then record. */
  readonly #outcomes: Uint8Array;
  /** By record: on how many qualifying lanes it is recorded, on how many it may still be, and how many it needs. */
  readonly #hits: Uint16Array;
  readonly #chances: Uint16Array;
  readonly #needs: Uint16Array;
  readonly #verdicts: Uint8Array;
  #open: number;
  #unsettled: number;
  #failures = 0;
  #told = false;

  /**
   * `waitForAll`: wait until every lane has an outcome, not only until the verdict is certain.
   * `decided` is called once, possibly from within `settle`.
   */
  constructor(
    count: number,
    arrival: number,
    quorum: Quorum,
    waitForAll: boolean,
    decided: (batch: Batch) => void,
  ) {
    const lanes = quorum.qualifies.length;
    const chances = quorum.qualifies.reduce((sum, qualifies) => sum + (qualifies ? 1 : 0), 0);
    this.count = count;
    this.arrival = arrival;
    this.paths = quorum.paths;
    this.#qualifies = quorum.qualifies;
    this.#excusesFiltered = quorum.excusesFiltered;
    this.#waitForAll = waitForAll;
    this.#decided = decided;
    this.#outcomes = new Uint8Array(count * lanes);
    this.#hits = new Uint16Array(count);
    this.#chances = new Uint16Array(count).fill(chances);
    this.#needs = new Uint16Array(count).fill(quorum.need);
    this.#verdicts = new Uint8Array(count);
    this.#open = count;
    this.#unsettled = count * lanes;
    if (chances < quorum.need) {
      this.#verdicts.fill(failed);
      this.#open = 0;
      this.#failures = count;
    }
  }

  /** Gives records `from` up to and without `to` their outcome on one lane; those that have one keep it. */
  settle(slot: number, from: number, to: number, outcome: Outcome): void {
    const code = outcomeCodes[outcome];
    const base = slot * this.count;
    const qualifies = this.#qualifies[slot]!;
    for (let record = from; record < to; record++) {
      if (this.#outcomes[base + record] !== pendingCode) continue;
      this.#outcomes[base + record] = code;
      this.#unsettled--;
      if (!qualifies) continue;
      this.#chances[record]!--;
      if (code === recordedCode) this.#hits[record]!++;
      else if (code === filteredCode && this.#excusesFiltered) this.#needs[record]!--;
      if (this.#verdicts[record] !== undecided) continue;
      const need = this.#needs[record]!;
      if (this.#hits[record]! >= need) {
        this.#verdicts[record] = satisfied;
        this.#open--;
      } else if (this.#hits[record]! + this.#chances[record]! < need) {
        this.#verdicts[record] = failed;
        this.#open--;
        this.#failures++;
      }
    }
    this.tellWhenDecided();
  }

  /** Called by the broker once every lane has been offered the batch; lanes that settle later call it through `settle`. */
  tellWhenDecided(): void {
    if (this.#told || (this.#waitForAll ? this.#unsettled : this.#open) > 0) return;
    this.#told = true;
    this.#decided(this);
  }

  /** How many records the required devices did not record; certain once decided. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether the required devices recorded the record; certain once decided. */
  ok(record: number): boolean {
    return this.#verdicts[record] === satisfied;
  }

  outcome(slot: number, record: number): (typeof outcomes)[number] {
    return outcomes[this.#outcomes[slot * this.count + record]!]!;
  }
}
