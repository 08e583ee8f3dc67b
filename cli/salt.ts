import type { CommandModule } from 'yargs';
import { saltDestroyCommand } from './salt/destroy.ts';
import { saltListCommand } from './salt/list.ts';

/** `audit-sidecar salt …`: the salts that are stored, those of devices that are gone too. */
export function saltCommand(endWith: (code: number) => void): CommandModule {
  return {
    command: 'salt',
    describe: 'List the stored salts, and destroy those of devices that are gone',
    builder: (cli) =>
      cli
        .command(saltListCommand(endWith))
        .command(saltDestroyCommand(endWith))
        .demandCommand(1, 'wanted salt list or destroy')
        .example('$0 salt list', ''),
    handler: () => {},
  };
}
