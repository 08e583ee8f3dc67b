import type { CommandModule } from 'yargs';
import { apiPath, callAdmin } from '../admin/admin-call.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchDevices, namedDevice } from '../admin/known-devices.ts';
import { exitCodes } from '../exit-codes.ts';
import { printLines } from '../terminal.ts';

interface DisableArguments extends PlaceArguments {
  readonly path: string;
}

/** `audit-sidecar device disable PATH` */
export function deviceDisableCommand(
  endWith: (code: number) => void,
): CommandModule<object, DisableArguments> {
  return {
    command: 'disable <path>',
    describe: 'Disable a device that was enabled while the daemon ran; what it wrote stays',
    builder: (cli) =>
      placeOptions(
        cli.positional('path', { type: 'string', demandOption: true, describe: 'Path of the device' }),
      ).example('$0 device disable second', ''),
    handler: async (args) => endWith(await disable(args)),
  };
}

async function disable(args: DisableArguments): Promise<number> {
  const peer = await adminPeer(args);
  // The API is content with a path that is not known; a person has misspelt it.
  const { path } = namedDevice(await fetchDevices(peer), args.path);
  await callAdmin(peer, { method: 'DELETE', path: apiPath('audit', path) });
  printLines(`Device "${path}" is disabled\n`);
  return exitCodes.ok;
}
