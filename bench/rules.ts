import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Formatter } from '../format/formatter.ts';
import { emptyRecordPolicy } from '../format/line-options.ts';
import type { Level, MatchedField, RecordRule } from '../format/record-rules.ts';
import { projectRoot } from '../test/support/project-root.ts';
import { chunksOf } from './chunks.ts';

// What twenty rules cost a record: scans without and with them, one after the other many times in the same run, because the
// difference is smaller than what the machine does from one second to the next.

const turns = 40;
const turnMicroseconds = 60_000;

function rulesOf(match: Readonly<Partial<Record<MatchedField, string>>>, level: Level): RecordRule {
  const asked = Object.entries(match).map(([field, text]) => [field as MatchedField, [text]] as const);
  return { match: new Map(asked), level };
}

const numbers = Array.from({ length: 20 }, (_, index) => index);

const policies: Readonly<Record<string, readonly RecordRule[]>> = {
  'no rules': [],
  '20 rules for paths that begin as those of the records do': numbers.map((index) =>
    rulesOf({ path: `secret/data/app${index}/*` }, 'none'),
  ),
  '20 rules for a method, an operation and a route': numbers.map((index) =>
    rulesOf({ method: 'GET', operation: 'read', route: `/v1/orders/:id/${index}` }, 'metadata'),
  ),
  '20 rules for operation and path, the last of which leaves data out': numbers.map((index) =>
    rulesOf({ operation: 'update', path: index === 19 ? '*' : `secret/data/app${index}` }, 'metadata'),
  ),
};

/** Microseconds of CPU that `work` takes, over one turn. */
function turn(work: () => void): number {
  const start = process.cpuUsage();
  let passes = 0;
  for (;;) {
    work();
    passes++;
    const { user, system } = process.cpuUsage(start);
    if (user + system >= turnMicroseconds) return (user + system) / passes;
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1]!;
}

/** Prints one line a scenario. */
export function run(): void {
  const bytes = gunzipSync(readFileSync(path.join(projectRoot, 'test/corpus/traffic.ndjson.gz')));
  const chunks = chunksOf(bytes);
  const records = bytes.toString().trimEnd().split('\n').length;
  const scans = Object.values(policies).map((rules) => {
    const formatter = new Formatter({ ...emptyRecordPolicy, rules });
    return (): void => {
      for (const chunk of chunks) formatter.scan([chunk], 'apply', 0).release();
    };
  });
  const costs: number[][] = scans.map(() => []);
  for (const scan of scans) turn(scan);
  for (let count = 0; count < turns; count++) {
    for (const [index, scan] of scans.entries()) costs[index]!.push(turn(scan) / records);
  }
  const [plain] = costs;
  for (const [index, name] of Object.keys(policies).entries()) {
    const added = median(costs[index]!.map((cost, at) => cost - plain![at]!));
    process.stdout.write(
      `${name.padEnd(66)} ${median(costs[index]!).toFixed(3)} µs a record to scan, ${added.toFixed(3)} more than without\n`,
    );
  }
}
