import type { CommandModule } from 'yargs';
import { tokenNewCommand } from './token/new.ts';

/** `audit-sidecar token …`: who may call the admin API over TCP. */
export function tokenCommand(endWith: (code: number) => void): CommandModule {
  return {
    command: 'token',
    describe: 'Make a token for the admin API over TCP',
    builder: (cli) =>
      cli
        .command(tokenNewCommand(endWith))
        .demandCommand(1, 'wanted token new')
        .example('$0 token new /etc/audit-sidecar/admin-token', ''),
    handler: () => {},
  };
}
