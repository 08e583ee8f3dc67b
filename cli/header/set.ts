import type { CommandModule } from 'yargs';
import { apiPath, callAdmin } from '../admin/admin-call.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchHeaders, headersPath, writtenAs } from '../admin/audited-headers.ts';
import { exitCodes } from '../exit-codes.ts';
import { switchOption } from '../switch.ts';
import { printLines } from '../terminal.ts';

interface SetArguments extends PlaceArguments {
  readonly name: string;
  readonly hmac: boolean | undefined;
  readonly 'no-hmac': boolean | undefined;
}

const hmacSwitch = switchOption('hmac', undefined, 'Hash its values');
const noHmacSwitch = switchOption(
  'no-hmac',
  undefined,
  'Leave its values readable: what the API does by default',
);

/** `audit-sidecar header set NAME` */
export function headerSetCommand(endWith: (code: number) => void): CommandModule<object, SetArguments> {
  return {
    command: 'set <name>',
    describe: 'Write a request header, hashed or readable',
    builder: (cli) =>
      placeOptions(
        cli.positional('name', { type: 'string', demandOption: true, describe: 'Name, in any case' }),
      )
        .options(hmacSwitch)
        .options(noHmacSwitch)
        .conflicts('hmac', 'no-hmac')
        .example('$0 header set x-forwarded-for --hmac', ''),
    handler: async (args) => endWith(await set(args)),
  };
}

async function set(args: SetArguments): Promise<number> {
  const peer = await adminPeer(args);
  const hmac = args['no-hmac'] === undefined ? args.hmac : !args['no-hmac'];
  await callAdmin(peer, {
    method: 'POST',
    path: apiPath(headersPath, args.name),
    body: hmac === undefined ? {} : { hmac },
  });
  // What was left out is the daemon's to decide, so it is asked what it made of it.
  const header = (await fetchHeaders(peer)).get(args.name.toLowerCase());
  const outcome = header === undefined ? 'set' : `written, ${writtenAs(header)}`;
  printLines(`Header "${args.name.toLowerCase()}" is ${outcome}\n`);
  return exitCodes.ok;
}
