import { parseArgs } from 'node:util';

export const help: string = `Plants faults in the compiled sources, one at a time, and runs the tests that concern them.
Prints each fault that no test notices, and a score a folder.

  npm run mutants -- [WORD…] [--only FILE] [--sample N] [--seed N]

  WORD         a source whose path contains it; without any: daemon/delivery daemon/ingest daemon/state devices/file
  --only FILE  one source
  --sample N   no more than N faults, drawn at random
  --seed N     draws the same sample again

Example: npm run mutants -- daemon/delivery lane-queue --sample 100
`;

export interface Options {
  readonly words: readonly string[];
  readonly only: string | null;
  readonly sample: number | null;
  readonly seed: number;
}

const usualRooms = ['daemon/delivery/', 'daemon/ingest/', 'daemon/state/', 'devices/file/'];

/** What the words of the command line ask for; `null` when they ask for help. Throws when they cannot be understood. */
export function readOptions(args: readonly string[]): Options | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      only: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  if (values.help) return null;
  return {
    words: positionals.length > 0 ? positionals : usualRooms,
    only: values.only ?? null,
    sample: values.sample === undefined ? null : wholeNumber('--sample', values.sample),
    seed:
      values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', values.seed),
  };
}

/** Whether a source was asked for. */
export function isWanted({ words, only }: Options, file: string): boolean {
  if (only !== null) return file === only;
  return words.some((word) => file.includes(word));
}

function wholeNumber(option: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text))
    throw new Error(`Cannot plant faults: ${option} is "${text}", wanted a whole number`);
  return Number(text);
}
