import path from 'node:path';
import type { Config } from '../../config/config.ts';

/**
 * What somebody who starts the daemon on its embedded configuration reads: where everything is, and the next command
 * to try. `program` is the script that runs, as Node has it in `process.argv[1]`.
 */
export function welcome(config: Config, metricsAddress: string | null, program: string): string {
  const command = path.basename(program) === 'main.js' ? `node ${relative(program)}` : path.basename(program);
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

  ${command} send examples/traffic.ndjson

Ctrl-C stops it.
`;
}

function relative(file: string): string {
  const short = path.relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
}
