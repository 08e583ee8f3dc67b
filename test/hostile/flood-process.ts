import { floods } from './floods.ts';
import type { Places } from './places.ts';

// All floods in one process, so that the good client beside them is measured by one that has nothing else to do.
// Ends with its parent.
process.once('disconnect', () => process.exit(0));
process.once('message', ({ places, names }: { places: Places; names: readonly string[] }) => {
  for (const name of names) floods[name]!(places);
});
