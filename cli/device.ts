import type { CommandModule } from 'yargs';
import { deviceDisableCommand } from './device/disable.ts';
import { deviceEnableCommand } from './device/enable.ts';
import { deviceListCommand } from './device/list.ts';
import { deviceShowCommand } from './device/show.ts';

/** `audit-sidecar device …`: the devices of a running daemon. */
export function deviceCommand(endWith: (code: number) => void): CommandModule {
  return {
    command: 'device',
    describe: 'Enable, disable, list and show the devices of a running daemon',
    builder: (cli) =>
      cli
        .command(deviceEnableCommand(endWith))
        .command(deviceDisableCommand(endWith))
        .command(deviceListCommand(endWith))
        .command(deviceShowCommand(endWith))
        .demandCommand(1, 'wanted device enable, disable, list or show')
        .example('$0 device list', ''),
    handler: () => {},
  };
}
