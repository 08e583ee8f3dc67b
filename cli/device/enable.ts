import type { CommandModule } from 'yargs';
import { normaliseDevicePath } from '../../config/device-path.ts';
import { apiPath, callAdmin } from '../admin/admin-call.ts';
import { adminPeer, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { instead } from '../admin/instead.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailed, UsageRefused } from '../refusals.ts';
import { switchOption } from '../switch.ts';
import { printLines } from '../terminal.ts';
import { readOptionWords } from './option-words.ts';

interface EnableArguments extends PlaceArguments {
  readonly type: string;
  readonly path: string | undefined;
  readonly description: string;
  readonly local: boolean;
  /** `device`, `enable`, and what stands behind the type. */
  readonly _: readonly (string | number)[];
}

const localSwitch = switchOption(
  'local',
  false,
  'Kept and shown; a daemon replicates nothing, so it changes nothing',
);

/** `audit-sidecar device enable TYPE [KEY=VALUE…]`: in the words of `bao audit enable`. */
export function deviceEnableCommand(endWith: (code: number) => void): CommandModule<object, EnableArguments> {
  return {
    command: 'enable <type>',
    describe: 'Enable a device, once it has recorded a test record',
    builder: (cli) =>
      placeOptions(
        cli.positional('type', {
          type: 'string',
          demandOption: true,
          describe: 'Type of the device: file, socket, syslog or http',
        }),
      )
        .option('path', {
          type: 'string',
          requiresArg: true,
          describe: 'Path it is to be known by; default its type',
        })
        .option('description', { type: 'string', requiresArg: true, default: '', describe: 'What it is for' })
        .options(localSwitch)
        // Not a positional with `..`: yargs keeps the last word of it only, as options given twice count once here.
        .strict(false)
        .strictOptions()
        .usage(
          '$0 device enable <type> [key=value ...]\n\nEnable a device, once it has recorded a test record. Behind its type stand its options; key=@FILE takes the value from a file, key=- from standard input.',
        )
        .example('$0 device enable file file_path=/var/log/audit-sidecar/second.log --path second', ''),
    handler: async (args) => endWith(await enable(args)),
  };
}

async function enable(args: EnableArguments): Promise<number> {
  const { type, description, local } = args;
  const path = normaliseDevicePath(args.path ?? type);
  if (path === null) {
    throw new UsageRefused(
      `Cannot enable a device at path "${args.path ?? type}": wanted one such as file/ or site/siem/`,
    );
  }
  const peer = await adminPeer(args);
  const options = readOptionWords(args._.slice(2).map(String));
  try {
    await callAdmin(peer, {
      method: 'POST',
      // The API takes no slash at the end of what is written.
      path: apiPath('audit', path.slice(0, -1)),
      body: { type, description, local, options },
    });
  } catch (error) {
    throw error instanceof CommandFailed ? await withTypes(error, type) : error;
  }
  printLines(`Device "${path}" of type "${type}" is enabled\n`);
  return exitCodes.ok;
}

/** The API refuses an unknown type in the words of Vault, which do not say what there is. */
async function withTypes(error: CommandFailed, type: string): Promise<CommandFailed> {
  if (!error.message.startsWith('unknown backend type')) return error;
  // Loaded here: what is right needs no list, and every call would start later.
  const { deviceTypes } = await import('../../devices/registry.ts');
  return new CommandFailed(`${error.message}: ${instead(type, deviceTypes)}`);
}
