import type { ConnectionPlaces } from './connection-places.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { ObjectCosts } from './object-costs.ts';
import type { Turns } from './turns.ts';

/** What bounds all clients of all listeners together. */
export interface SharedBounds {
  readonly memory: MemoryBudget;
  readonly turns: Turns;
  readonly costs: ObjectCosts;
  readonly places: ConnectionPlaces;
}
