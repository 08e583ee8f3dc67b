import { LatencyHistogram } from './latency-histogram.ts';

export interface Refusal {
  /** Number of the record's line in the input, from 1. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** The state of a sending, while it goes on and at its end. */
export interface Tally {
  sent: number;
  ok: number;
  /** Refused records by code. */
  readonly refused: Map<string, number>;
  /** The first few. */
  readonly refusals: Refusal[];
  readonly latency: LatencyHistogram;
}

/** A person looks at a few; a file of a million bad records must not fill the memory. */
const refusalsKept = 10;

export function emptyTally(): Tally {
  return { sent: 0, ok: 0, refused: new Map(), refusals: [], latency: new LatencyHistogram() };
}

export function answered(tally: Tally): number {
  let refused = 0;
  for (const count of tally.refused.values()) refused += count;
  return tally.ok + refused;
}

/** Counts a refused record. */
export function addRefusal(tally: Tally, refusal: Refusal): void {
  tally.refused.set(refusal.code, (tally.refused.get(refusal.code) ?? 0) + 1);
  if (tally.refusals.length < refusalsKept) tally.refusals.push(refusal);
}
