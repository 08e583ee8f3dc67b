import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config/config.ts';

/** Records to try it with, which come with the package; this file runs three folders below its top. */
const examples = fileURLToPath(new URL('../../../examples/traffic.ndjson', import.meta.url));

/**
 * What somebody who starts the daemon on its embedded configuration reads: where everything is, and the next command
 * to try. That works in the folder of a checkout, and in any folder where the program was installed elsewhere. `program` is
 * the script that runs, as Node has it in `process.argv[1]`; `searched` are the folders of PATH.
 */
export function welcome(
  config: Config,
  metricsAddress: string | null,
  program: string,
  searched: readonly string[],
): string {
  const command = commandFor(program, searched);
  const sent = [
    relative(examples),
    ...(isBelow(examples) ? [] : ['--socket', path.resolve(socketOf(config))]),
  ]
    .map(shellWord)
    .join(' ');
  const rows = [
    ...config.listeners.flatMap((listener) =>
      listener.kind === 'stream' ? [['records in', relative(listener.path)]] : [],
    ),
    ...[...config.devices.values()].map((device) => [
      `device ${device.path}`,
      relative(device.options['file_path'] ?? device.type),
    ]),
    ['state', relative(config.stateDir)],
    ...(metricsAddress === null ? [] : [['metrics', `http://${metricsAddress}/metrics`]]),
  ];
  const width = Math.max(...rows.map(([name]) => name!.length));
  const table = rows.map(([name, place]) => `  ${name!.padEnd(width)}  ${place}`).join('\n');
  return `audit-sidecar runs on its built-in configuration:

${table}

Send it some records from another shell:

  ${command} send ${sent}

Ctrl-C stops it.
`;
}

function socketOf({ listeners }: Config): string {
  return listeners.find((listener) => listener.kind === 'stream')?.path ?? '';
}

function isBelow(file: string): boolean {
  return relative(file) !== file;
}

/** How a shell starts the script: by its name where PATH leads to it, and otherwise by its place. */
function commandFor(program: string, searched: readonly string[]): string {
  if (searched.includes(path.dirname(program))) return shellWord(path.basename(program));
  const place = relative(program);
  if (/\.c?js$/.test(program)) return `node ${shellWord(place)}`;
  return shellWord(place.includes('/') ? place : `./${place}`);
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function relative(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
