import type { Clock } from '../../../daemon/clock.ts';
import { ConnectionPlaces } from '../../../daemon/ingest/connection-places.ts';
import type { IngestSettings } from '../../../daemon/ingest/ingest-settings.ts';
import { MemoryBudget } from '../../../daemon/ingest/memory-budget.ts';
import { objectCosts } from '../../../daemon/ingest/object-costs.ts';
import type { SharedBounds } from '../../../daemon/ingest/shared-bounds.ts';
import { Turns, turnSizes } from '../../../daemon/ingest/turns.ts';

/** What the listeners of a test share; memory that is freed goes nowhere. */
export function boundsOf(shared: IngestSettings, clock: Clock): SharedBounds {
  return {
    memory: new MemoryBudget(
      () => shared.limits.totalBytes,
      clock,
      () => {},
    ),
    turns: new Turns(clock, turnSizes),
    costs: objectCosts,
    places: new ConnectionPlaces(() => shared.limits.connections, shared.counters),
  };
}
