import { readdirSync } from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

// `npm test`, or `npm test -- lane` for the files whose path contains "lane".

/** What takes longest comes first: at the end it would run alone, while the other half of the machine is idle. */
const longest = [
  'simulation/simulation',
  'format/random-records',
  'admin/device-sequences',
  'table/contested-sequences',
  'hostile/hostile',
];
function placeOf(file: string): number {
  const place = longest.findIndex((name) => file.endsWith(`/${name}.test.js`));
  return place < 0 ? longest.length : place;
}

const folder = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
  .map((file) => path.join(folder, file))
  .sort((one, other) => placeOf(one) - placeOf(other) || (one < other ? -1 : 1));
if (files.length === 0) {
  process.stderr.write(`No test file contains ${wanted.map((word) => `"${word}"`).join(' or ')}\n`);
  process.exit(1);
}

let failed = 0;
let skipped = 0;
// Two files at a time: tests start real daemons and peers, and more of them at once only make each other slow.
const events = run({ files, concurrency: 2 });
events.on('test:fail', () => failed++);
events.on('test:pass', (event) => {
  if (event.skip !== undefined) skipped++;
});
events.on('end', () => {
  // On a user's machine a missing peer program skips a test; where everything was installed, it hides a defect.
  const skipsCount = process.env['CI'] === 'true' && skipped > 0;
  if (skipsCount) process.stdout.write(`${skipped} skipped: in CI a skipped test is a failure\n`);
  process.exitCode = failed > 0 || skipsCount ? 1 : 0;
});
events.compose(new spec()).pipe(process.stdout);
