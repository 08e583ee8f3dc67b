import type { CommandModule } from 'yargs';
import { hasControlCharacter } from '../config/device-path.ts';
import { visible } from '../config/visible-text.ts';
import { apiPath, callAdmin, foreignAnswer } from './admin/admin-call.ts';
import { adminPeer, type PlaceArguments, placeOptions } from './admin/admin-place.ts';
import { exitCodes } from './exit-codes.ts';
import { isArrayOf, isText } from './json-shapes.ts';
import { UsageRefused } from './refusals.ts';
import { switchOption } from './switch.ts';
import { printJson, printLines } from './terminal.ts';
import { orDash, tableLines } from './text-table.ts';

interface TuneArguments extends PlaceArguments {
  readonly mount: string;
  readonly 'request-keys': string | undefined;
  readonly 'response-keys': string | undefined;
  readonly auth: boolean;
  readonly namespace: string;
  readonly json: boolean;
}

const requestField = 'audit_non_hmac_request_keys';
const responseField = 'audit_non_hmac_response_keys';

const authSwitch = switchOption('auth', false, 'MOUNT is that of an auth method: token is auth/token/');
const jsonSwitch = switchOption('json', false, 'Print the lists in force as JSON');

/** `audit-sidecar tune MOUNT`: keys whose values stay readable in the records of a mount. */
export function tuneCommand(endWith: (code: number) => void): CommandModule<object, TuneArguments> {
  return {
    command: 'tune <mount>',
    describe: 'Set or show the keys of a mount whose values are not hashed',
    builder: (cli) =>
      placeOptions(
        cli.positional('mount', {
          type: 'string',
          demandOption: true,
          describe: 'Mount point, such as secret/',
        }),
      )
        .option('request-keys', {
          type: 'string',
          describe: 'Keys of request.data, with commas between; empty for none. Left out, they stay',
        })
        .option('response-keys', { type: 'string', describe: 'Keys of response.data, the same way' })
        .option('namespace', {
          type: 'string',
          requiresArg: true,
          default: '',
          describe: 'Namespace of the mount, such as ns1/; default the root',
        })
        .options(authSwitch)
        .options(jsonSwitch)
        .example('$0 tune secret/ --request-keys cas --response-keys version,created_time', ''),
    handler: async (args) => endWith(await tune(args)),
  };
}

async function tune(args: TuneArguments): Promise<number> {
  const mount = args.mount.replace(/\/$/, '');
  if (mount === '') throw new UsageRefused('wanted a mount point such as secret/');
  if (hasControlCharacter(args.namespace)) throw new UsageRefused('wanted a namespace such as ns1/');
  const peer = await adminPeer(args);
  const path = apiPath(args.auth ? 'auth' : 'mounts', mount, '/tune');
  const { namespace, 'request-keys': requestKeys, 'response-keys': responseKeys } = args;
  if (requestKeys !== undefined || responseKeys !== undefined) {
    const body = { [requestField]: requestKeys, [responseField]: responseKeys };
    await callAdmin(peer, { method: 'POST', path, body, namespace });
  }
  const { [requestField]: request, [responseField]: response } = await callAdmin(peer, {
    method: 'GET',
    path,
    namespace,
  });
  if (!isArrayOf(request, isText) || !isArrayOf(response, isText)) return foreignAnswer(peer);
  const rows = [
    ['mount', visible(`${namespaceText(namespace)}${args.auth ? 'auth/' : ''}${mount}/`)],
    ['request keys', orDash(visible(request.join(', ')))],
    ['response keys', orDash(visible(response.join(', ')))],
  ];
  if (args.json) printJson({ [requestField]: request, [responseField]: response });
  else printLines(`${tableLines(rows).join('\n')}\n`);
  return exitCodes.ok;
}

/** As the daemon reads it. */
function namespaceText(namespace: string): string {
  const path = namespace.replace(/^\//, '').replace(/\/$/, '');
  return path === '' || path === 'root' ? '' : `${path}/`;
}
