import type { CommandModule } from 'yargs';
import { visible } from '../../config/visible-text.ts';
import { exitCodes } from '../exit-codes.ts';
import { switchOption } from '../switch.ts';
import { printJson, printLines } from '../terminal.ts';
import { orDash, tableLines } from '../text-table.ts';
import { type SaltPlaceArguments, saltPlaceOptions, storedSalts } from './stored-salts.ts';

interface ListArguments extends SaltPlaceArguments {
  readonly json: boolean;
}

const jsonSwitch = switchOption('json', false, 'Print all of it as a JSON array');

/** `audit-sidecar salt list` */
export function saltListCommand(endWith: (code: number) => void): CommandModule<object, ListArguments> {
  return {
    command: 'list',
    describe: 'List the stored salts, whether they are in use, and since when not; never their text',
    builder: (cli) => saltPlaceOptions(cli).options(jsonSwitch).example('$0 salt list', ''),
    handler: async (args) => endWith(await list(args)),
  };
}

async function list(args: ListArguments): Promise<number> {
  const { salts } = await storedSalts(args);
  if (args.json) {
    const shown = salts.map(({ device, inUse, since, unusedSince }) => ({
      device,
      in_use: inUse,
      since,
      unused_since: unusedSince,
    }));
    printJson(shown);
    return exitCodes.ok;
  }
  if (salts.length === 0) {
    printLines('no salts\n');
    return exitCodes.ok;
  }
  const rows = salts.map(({ device, inUse, since, unusedSince }) =>
    [device, inUse ? 'yes' : 'no', since, unusedSince ?? ''].map((cell) => orDash(visible(cell))),
  );
  const lines = tableLines([['DEVICE', 'IN USE', 'SINCE', 'UNUSED SINCE'], ...rows]);
  printLines(`${lines.join('\n')}\n`);
  return exitCodes.ok;
}
