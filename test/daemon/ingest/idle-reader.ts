import type { BudgetedReader } from '../../../daemon/ingest/memory-budget.ts';

/** A reader that holds nothing and does nothing; a test says what it holds instead. */
export const idleReader: BudgetedReader = {
  bytes: 0,
  inFlightBytes: 0,
  stuckBytes: 0,
  stuckSince: null,
  fixedBytes: 0,
  aheadBytes: 0,
  resume: () => {},
  giveWay: () => {},
};
