import type { CommandModule } from 'yargs';
import { visible } from '../../config/visible-text.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchHeaders, writtenAs } from '../admin/audited-headers.ts';
import { exitCodes } from '../exit-codes.ts';
import { switchOption } from '../switch.ts';
import { printJson, printLines } from '../terminal.ts';
import { tableLines } from '../text-table.ts';

interface ListArguments extends PlaceArguments {
  readonly json: boolean;
}

const jsonSwitch = switchOption('json', false, 'Print {NAME: {"hmac"}} as JSON');

/** `audit-sidecar header list` */
export function headerListCommand(endWith: (code: number) => void): CommandModule<object, ListArguments> {
  return {
    command: 'list',
    describe: 'List the request headers that are written, and which of them hashed',
    builder: (cli) => placeOptions(cli).options(jsonSwitch).example('$0 header list', ''),
    handler: async (args) => endWith(await list(args)),
  };
}

async function list(args: ListArguments): Promise<number> {
  const headers = await fetchHeaders(await adminPeer(args));
  const rows = [...headers].map(([name, header]) => [visible(name), writtenAs(header)]);
  const text =
    rows.length === 0 ? 'no headers\n' : `${tableLines([['HEADER', 'VALUES'], ...rows]).join('\n')}\n`;
  if (args.json) printJson(Object.fromEntries(headers));
  else printLines(text);
  return exitCodes.ok;
}
