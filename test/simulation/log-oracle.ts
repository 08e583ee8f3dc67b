import type { Destination } from './destination.ts';
import { recordId } from './record-line.ts';
import type { World } from './world.ts';

/** Promise 6: the union of the logs holds every record that was answered `ok`. */
export function checkNothingLost(
  world: World,
  destinations: readonly Destination[],
  acknowledged: ReadonlySet<number>,
): void {
  for (const record of acknowledged) {
    if (destinations.some((it) => it.has(record) || it.excused.has(record))) continue;
    world.violated('nothing is lost', `${recordId(record)} was answered ok and is in no log`);
    return;
  }
}

/** The records of one connection are first delivered in the order they were sent. `connectionOf` by record number. */
export function checkOrder(world: World, destination: Destination, connectionOf: readonly number[]): void {
  const seen = new Set<number>();
  const last = new Map<number, number>();
  for (const record of destination.log) {
    if (seen.has(record)) continue;
    seen.add(record);
    const connection = connectionOf[record]!;
    const previous = last.get(connection) ?? -1;
    if (previous > record) {
      world.violated('order', `${recordId(record)} comes after ${recordId(previous)} in ${destination.path}`);
      return;
    }
    last.set(connection, record);
  }
}
