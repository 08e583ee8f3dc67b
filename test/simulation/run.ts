import { Destination } from './destination.ts';
import { LifeRun } from './life-run.ts';
import { checkNothingLost, checkOrder } from './log-oracle.ts';
import { noSabotage, type Sabotage } from './sabotage.ts';
import { drawScenario, type Life } from './scenario.ts';
import { type Violation, World } from './world.ts';

/** What came of one seed. */
export interface RunResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Equal for two runs in which the same happened. */
  readonly hash: number;
  /** What happened, in words, when that was asked for. */
  readonly trace: readonly string[];
  /** Records sent. */
  readonly records: number;
}

/** What came of one seed after another, up to the first that fails. */
export interface SeriesResult {
  readonly runs: number;
  readonly records: number;
  /** Of all runs. */
  readonly hash: number;
  readonly failed: RunResult | null;
}

/** Plays `runs` seeds from `seed` on; `afterRun` is told how many are done. */
export async function runSeeds(
  seed: number,
  runs: number,
  sabotage: Sabotage = noSabotage,
  afterRun: (done: number) => void = () => {},
): Promise<SeriesResult> {
  let records = 0;
  let hash = 0;
  for (let done = 1; done <= runs; done++) {
    const result = await runSeed(seed + done - 1, sabotage);
    records += result.records;
    hash = (Math.imul(hash, 31) + result.hash) >>> 0;
    if (result.violation !== null) return { runs: done, records, hash, failed: result };
    afterRun(done);
  }
  return { runs, records, hash, failed: null };
}

/** What is wrong with a failed run and how to see it again. `bug`: the one that was put in. */
export function failureText({ seed, violation }: RunResult, bug?: string): string {
  if (violation === null) return `Seed ${seed} does not fail`;
  const again = `npm run simulate -- --seed ${seed}${bug === undefined ? '' : ` --bug ${bug}`}`;
  return `Seed ${seed} fails: ${violation.promise}, at ${violation.at.toFixed(3)} ms: ${violation.detail}\nSee it again: ${again}`;
}

/** Plays the scenario of a seed, from an empty world to its end. */
export async function runSeed(
  seed: number,
  sabotage: Sabotage = noSabotage,
  traceInWords = false,
): Promise<RunResult> {
  const world = new World(seed, traceInWords);
  const scenario = drawScenario(world.random.fork());
  if (traceInWords) world.trace.lines.push(JSON.stringify(scenario, null, 1));
  const destinations = scenario.destinations.map((settings) => new Destination(world, settings));
  const acknowledged = new Set<number>();
  /** By record number: which client of which life sent it. */
  const connectionOf: number[] = [];
  const unhandled = (error: unknown): void => world.violated('no unhandled error', describe(error));
  process.on('unhandledRejection', unhandled);
  try {
    for (const life of scenario.lives) {
      await new LifeRun({
        world,
        life,
        destinations,
        nextRecord: (client) => connectionOf.push(client) - 1,
        acknowledged,
        sabotage,
      }).play();
      if (world.violation !== null) break;
    }
    if (world.violation === null) {
      checkNothingLost(world, destinations, acknowledged);
      for (const destination of destinations) {
        if (keepsOrder(destination, scenario.lives)) checkOrder(world, destination, connectionOf);
      }
    }
    // Rejections that nobody handled are told of by a turn of the event loop only.
    await new Promise((resolve) => setImmediate(resolve));
  } catch (error) {
    world.violated('no unhandled error', describe(error));
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  const { violation, trace } = world;
  return { seed, violation, hash: trace.hash, trace: trace.lines, records: connectionOf.length };
}

/** What a disabled device left in a connection may come after what the next device sent. */
function keepsOrder(destination: Destination, lives: readonly Life[]): boolean {
  if (destination.settings.transport !== 'stream') return true;
  return !lives.some((life) => life.changes.some((change) => change.kind === 'disable'));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
