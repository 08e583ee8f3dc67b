import type { CommandModule } from 'yargs';
import { headerListCommand } from './header/list.ts';
import { headerSetCommand } from './header/set.ts';
import { headerUnsetCommand } from './header/unset.ts';

/** `audit-sidecar header …`: which request headers a running daemon writes. */
export function headerCommand(endWith: (code: number) => void): CommandModule {
  return {
    command: 'header',
    describe: 'Set, unset and list the request headers that are written',
    builder: (cli) =>
      cli
        .command(headerSetCommand(endWith))
        .command(headerUnsetCommand(endWith))
        .command(headerListCommand(endWith))
        .demandCommand(1, 'wanted header set, unset or list')
        .example('$0 header list', ''),
    handler: () => {},
  };
}
