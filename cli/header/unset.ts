import type { CommandModule } from 'yargs';
import { apiPath, callAdmin } from '../admin/admin-call.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { fetchHeaders, headersPath } from '../admin/audited-headers.ts';
import { instead } from '../admin/instead.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailed } from '../refusals.ts';
import { printLines } from '../terminal.ts';

interface UnsetArguments extends PlaceArguments {
  readonly name: string;
}

/** `audit-sidecar header unset NAME` */
export function headerUnsetCommand(endWith: (code: number) => void): CommandModule<object, UnsetArguments> {
  return {
    command: 'unset <name>',
    describe: 'Write a request header no longer',
    builder: (cli) =>
      placeOptions(
        cli.positional('name', { type: 'string', demandOption: true, describe: 'Name, in any case' }),
      ).example('$0 header unset x-forwarded-for', ''),
    handler: async (args) => endWith(await unset(args)),
  };
}

async function unset(args: UnsetArguments): Promise<number> {
  const peer = await adminPeer(args);
  const name = args.name.toLowerCase();
  // The API is content with a name that is not known; a person has misspelt it.
  const known = await fetchHeaders(peer);
  if (!known.has(name)) {
    throw new CommandFailed(`Cannot find header "${name}": ${instead(name, [...known.keys()])}`);
  }
  await callAdmin(peer, { method: 'DELETE', path: apiPath(headersPath, name) });
  printLines(`Header "${name}" is no longer written\n`);
  return exitCodes.ok;
}
