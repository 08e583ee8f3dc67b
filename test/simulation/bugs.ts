import { deliveryBugs } from './delivery-bugs.ts';
import { ingestBugs } from './ingest-bugs.ts';
import type { PlantedBug } from './sabotage.ts';

/** Bugs put in on purpose: a simulator that does not find them proves nothing when it finds none. */
export const bugs: Readonly<Record<string, PlantedBug>> = { ...deliveryBugs, ...ingestBugs };
