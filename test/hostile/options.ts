import { parseArgs } from 'node:util';

export const help: string = `Sets every flood that is known on a daemon of limited memory at once, and a good client beside them.
Ends with 1 when a reply of the good client is late or untrue, or the daemon takes or keeps too much memory.

  npm run hostile -- [--seconds N] [--memory MIB] [--only FLOOD]

  --seconds N    how long the floods last (120)
  --memory MIB   what the daemon may take; more ends it (512)
  --only FLOOD   one flood alone, by its name

Example: npm run hostile -- --seconds 20 --only tiny
`;

export interface Options {
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly only: string | null;
}

/** What the words of the command line ask for; `null` when they ask for help. Throws when they cannot be understood. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      seconds: { type: 'string', default: '120' },
      memory: { type: 'string', default: '512' },
      only: { type: 'string' },
    },
  });
  if (values.help) return null;
  return {
    seconds: wholeNumber('--seconds', values.seconds),
    memoryMiB: wholeNumber('--memory', values.memory),
    only: values.only ?? null,
  };
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw new Error(`${option} is "${text}", wanted a whole number`);
  return Number(text);
}
