import { readdirSync } from 'node:fs';
import path from 'node:path';
import { compiledName } from './compiled-file.ts';

/** A program that ends with an error when it notices a fault: a file of tests, or a few runs of the simulator. */
export interface Check {
  readonly name: string;
  /** For Node, in a folder of compiled sources. */
  readonly args: readonly string[];
}

const simulator: Check = {
  name: 'simulator',
  args: ['test/simulation/main.js', '--seed', '1', '--runs', '300'],
};

/** Rooms that run in the simulator as well. */
const simulatedRooms = ['daemon/delivery', 'daemon/ingest'];

/** Rooms with tests that do not lie under the room's own name. */
const furtherTests: Readonly<Record<string, readonly string[]>> = {
  'devices/file': ['devices/stdout', 'devices/remote-limits', 'devices/files-read', 'devices/options'],
};

/** How long each check takes without a fault, in milliseconds, by its name. */
export type CleanTimes = Map<string, number>;

/** The checks that concern a source: the tests that bear its name, then what else concerns its room, the quickest first. */
export function checksFor(build: string, file: string, times: CleanTimes): Check[] {
  const room = path.dirname(file);
  const places = [room, ...(furtherTests[room] ?? [])];
  const tests = readdirSync(path.join(build, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((test) => test.endsWith('.test.js') && places.some((place) => test.startsWith(place)))
    .map((test) => ({ name: test, args: ['--test-reporter=tap', path.join('test', test)] }));
  const checks = simulatedRooms.includes(room) ? [...tests, simulator] : tests;
  const name = compiledName(file).slice(0, -'.js'.length);
  return checks.sort(
    (one, other) =>
      Number(other.name.startsWith(name)) - Number(one.name.startsWith(name)) ||
      (times.get(one.name) ?? 0) - (times.get(other.name) ?? 0),
  );
}
