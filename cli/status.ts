import type { CommandModule } from 'yargs';
import { withoutCredentials } from '../config/hidden-credentials.ts';
import { configuredPeer } from './admin/configured-peer.ts';
import { embeddedSocket, findOpenSocket, findSocket, installedSocket } from './admin/usual-sockets.ts';
import { exitCodes } from './exit-codes.ts';
import { type HttpPeer, peerName } from './http-call.ts';
import { fetchReadiness } from './readiness.ts';
import { CommandFailed, UsageRefused } from './refusals.ts';
import { statusText } from './status-table.ts';
import { switchOption } from './switch.ts';
import { printJson, tell } from './terminal.ts';

interface StatusArguments {
  readonly url: string | undefined;
  readonly socket: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
}

const jsonSwitch = switchOption('json', false, 'Print what /readyz answers as JSON');

/** `audit-sidecar status`: whether a record sent now would be kept, and how each device is. */
export function statusCommand(endWith: (code: number) => void): CommandModule<object, StatusArguments> {
  const text = { type: 'string', requiresArg: true } as const;
  return {
    command: 'status',
    describe: 'Show whether the daemon is ready, and the state of its devices',
    builder: (cli) =>
      cli
        .option('socket', {
          ...text,
          alias: 's',
          describe: `UNIX socket of its API or its metrics; default ${embeddedSocket}, otherwise ${installedSocket}`,
        })
        .option('url', { ...text, alias: 'u', describe: 'Where it serves its metrics, as http://host:port' })
        .option('config', {
          ...text,
          alias: 'c',
          describe: 'Ask the daemon of this configuration file, where that says it is',
        })
        .options(jsonSwitch)
        .conflicts({ url: ['socket', 'config'], socket: 'config' })
        .example('$0 status --socket /run/audit-sidecar/admin.sock', ''),
    handler: async (args) => endWith(await status(args)),
  };
}

async function status({ url, socket, config, json }: StatusArguments): Promise<number> {
  const peer = await peerOf(url, socket, config);
  const report = await fetchReadiness(peer);
  const asked = `asked "${peerName(peer)}"`;
  const colour = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  if (json) {
    tell(`${asked}\n`);
    printJson(report);
  } else {
    process.stdout.write(statusText(report, asked, Date.now(), colour));
  }
  return report.ready ? exitCodes.ok : exitCodes.failed;
}

/** Nobody is asked whom neither an option nor the daemon's own places name: it might be somebody else's daemon. */
async function peerOf(
  url: string | undefined,
  socket: string | undefined,
  config: string | undefined,
): Promise<HttpPeer> {
  if (url !== undefined) return { url: readUrl(url), ca: null, token: null };
  if (config !== undefined) return configuredPeer(config);
  // One that this user may not open is asked all the same: the answer says what is missing.
  const found = socket ?? findOpenSocket() ?? findSocket();
  if (found !== null) return { socket: found };
  throw new CommandFailed(
    `Cannot find a daemon: there is neither "${embeddedSocket}" nor "${installedSocket}"; say where it is with --socket, --url or --config`,
  );
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' && url.username === '' && url.password === '') return url;
  throw new UsageRefused(`Cannot use --url "${withoutCredentials(text)}": wanted http://host:port`);
}
