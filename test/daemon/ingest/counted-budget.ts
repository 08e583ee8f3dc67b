import { type BudgetedReader, MemoryBudget } from '../../../daemon/ingest/memory-budget.ts';

/** A budget that tells what all of its readers hold together. */
export class CountedBudget extends MemoryBudget {
  readonly joined: Set<BudgetedReader> = new Set<BudgetedReader>();

  sumOf(what: 'bytes' | 'aheadBytes'): number {
    return [...this.joined].reduce((sum, reader) => sum + reader[what], 0);
  }

  override join(reader: BudgetedReader): void {
    this.joined.add(reader);
    super.join(reader);
  }

  override leave(reader: BudgetedReader): void {
    this.joined.delete(reader);
    super.leave(reader);
  }
}
