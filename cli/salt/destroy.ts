import { createInterface } from 'node:readline/promises';
import type { CommandModule } from 'yargs';
import { normaliseDevicePath } from '../../config/device-path.ts';
import { visible } from '../../config/visible-text.ts';
import { instead } from '../admin/instead.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandFailed, UsageRefused } from '../refusals.ts';
import { switchOption } from '../switch.ts';
import { printLines, tell } from '../terminal.ts';
import { type SaltPlaceArguments, saltPlaceOptions, storedSalts } from './stored-salts.ts';

interface DestroyArguments extends SaltPlaceArguments {
  readonly path: string;
  readonly yes: boolean;
}

const yesSwitch = switchOption('yes', false, 'Destroy it without asking');

/** `audit-sidecar salt destroy PATH` */
export function saltDestroyCommand(endWith: (code: number) => void): CommandModule<object, DestroyArguments> {
  return {
    command: 'destroy <path>',
    describe: 'Destroy the salt of a device that is gone: what it hashed can never be compared again',
    builder: (cli) =>
      saltPlaceOptions(
        cli.positional('path', { type: 'string', demandOption: true, describe: 'Path of the device' }),
      )
        .options(yesSwitch)
        .example('$0 salt destroy second', ''),
    handler: async (args) => endWith(await destroy(args)),
  };
}

async function destroy(args: DestroyArguments): Promise<number> {
  const path = normaliseDevicePath(args.path);
  if (path === null)
    throw new UsageRefused(`Cannot use device path "${args.path}": wanted one such as file/`);
  const stored = await storedSalts(args);
  const salt = stored.salts.find(({ device }) => device === path);
  if (salt === undefined) {
    const known = stored.salts.map(({ device }) => device);
    throw new CommandFailed(`Cannot find a salt of device "${path}": ${instead(path, known)}`);
  }
  if (salt.inUse) {
    throw new CommandFailed(
      `Cannot destroy the salt of device "${path}": it is in use; disable the device, or remove it from the configuration file and reload`,
    );
  }
  if (!args.yes && !(await isConfirmed(path))) {
    tell('audit-sidecar: nothing was destroyed\n');
    return exitCodes.failed;
  }
  await stored.destroy(path);
  printLines(`The salt of device "${visible(path)}" is destroyed\n`);
  return exitCodes.ok;
}

async function isConfirmed(path: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageRefused('wanted --yes: there is no terminal to ask on');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // The end of input is no answer.
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const question = `What device "${visible(path)}" hashed can never be compared again. Destroy its salt? [y/N] `;
    const answer = await Promise.race([terminal.question(question), ended]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
