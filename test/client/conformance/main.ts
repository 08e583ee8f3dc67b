import { type Outcome, play, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const help = `Looks whether a client of the ingest stream keeps the contract of docs/clients.md.

  npm run conformance -- [--only WORD] [--patience MS] COMMAND…

The command gets two more arguments, the path of a UNIX socket and the client's deadline in milliseconds. It reads
records on standard input, one a line, hands each to the client as it comes, and prints the verdict of each, in order and
as soon as it is known: "ok", or "refused" and a code. After the end of its input and the last verdict it ends with 0.

  --only WORD      only scenarios whose name contains that
  --patience MS    how long a client may take for what it has to do, 60000

Example: npm run conformance -- python3 examples/clients/python/send.py
`;

/** Scenarios wait more than they work. */
const atOnce = 4;

interface Options {
  readonly only: string;
  readonly patienceMs: number;
  readonly command: readonly string[];
}

/** What begins with a dash before the command is ours. */
function readOptions(words: readonly string[]): Options | null {
  let only = '';
  let patienceMs = 60_000;
  let at = 0;
  for (; words[at]?.startsWith('-'); at += 2) {
    const value = words[at + 1];
    if (words[at] === '--only' && value !== undefined) only = value;
    else if (words[at] === '--patience' && Number(value) > 0) patienceMs = Number(value);
    else return null;
  }
  return at < words.length ? { only, patienceMs, command: words.slice(at) } : null;
}

async function playAll(wanted: readonly Scenario[], { command, patienceMs }: Options): Promise<boolean> {
  const left = [...wanted];
  const outcomes: Outcome[] = [];
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const outcome = await play(next, command, patienceMs);
      outcomes.push(outcome);
      process.stdout.write(shown(outcome));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const failed = outcomes.filter(({ broken }) => broken !== null).length;
  process.stdout.write(
    failed === 0
      ? `all ${outcomes.length} scenarios kept\n`
      : `${failed} of ${outcomes.length} scenarios BROKEN\n`,
  );
  return failed === 0;
}

function shown({ name, broken }: Outcome): string {
  if (broken === null) return `kept    ${name}\n`;
  return `BROKEN  ${name}\n          wanted ${broken.wanted}\n          seen   ${broken.seen}\n`;
}

const words = process.argv.slice(2);
const options = readOptions(words);
if (options === null) {
  const asked = words[0] === '--help' || words[0] === '-h';
  (asked ? process.stdout : process.stderr).write(help);
  process.exit(asked ? 0 : 2);
}
const wanted = scenarios.filter(({ name }) => name.includes(options.only));
if (wanted.length === 0) {
  process.stderr.write(
    `No scenario contains "${options.only}": ${scenarios.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
process.exitCode = (await playAll(wanted, options)) ? 0 : 1;
