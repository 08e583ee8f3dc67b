import type { CommandModule } from 'yargs';
import { embeddedSocket, findOpenSocket, installedSocket } from './admin/usual-sockets.ts';
import { exitCodes } from './exit-codes.ts';
import type { HttpPeer } from './http-call.ts';
import { fetchReadiness } from './readiness.ts';
import { UsageRefused } from './refusals.ts';
import { statusText } from './status-table.ts';
import { switchOption } from './switch.ts';

interface StatusArguments {
  readonly url: string | undefined;
  readonly socket: string | undefined;
  readonly json: boolean;
}

const defaultUrl = 'http://127.0.0.1:9102';

const jsonSwitch = switchOption('json', false, 'Print what /readyz answers as JSON');

/** `audit-sidecar status`: whether a record sent now would be kept, and how each device is. */
export function statusCommand(endWith: (code: number) => void): CommandModule<object, StatusArguments> {
  return {
    command: 'status',
    describe: 'Show whether the daemon is ready, and the state of its devices',
    builder: (cli) =>
      cli
        .option('url', {
          alias: 'u',
          type: 'string',
          requiresArg: true,
          describe: 'Where the daemon serves its metrics, as http://host:port',
        })
        .option('socket', {
          alias: 's',
          type: 'string',
          requiresArg: true,
          describe: `UNIX socket of its API or its metrics; default ${embeddedSocket}, otherwise ${installedSocket}, otherwise ${defaultUrl}`,
        })
        .options(jsonSwitch)
        .conflicts('url', 'socket')
        .example('$0 status --socket /run/audit-sidecar/admin.sock', ''),
    handler: async (args) => endWith(await status(args)),
  };
}

async function status({ url, socket, json }: StatusArguments): Promise<number> {
  const report = await fetchReadiness(peerOf(url, socket));
  const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : statusText(report, Date.now(), colour));
  return report.ready ? exitCodes.ok : exitCodes.failed;
}

function peerOf(url: string | undefined, socket: string | undefined): HttpPeer {
  // A socket that only root may open is no use to others, and they may still ask where the metrics are.
  const found = socket ?? (url === undefined ? findOpenSocket() : null);
  if (found !== null) return { socket: found };
  return { url: readUrl(url ?? defaultUrl), ca: null, token: null };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:') return url;
  throw new UsageRefused(`Cannot use --url "${text}": wanted http://host:port`);
}
