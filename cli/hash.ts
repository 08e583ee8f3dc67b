import type { CommandModule } from 'yargs';
import { normaliseDevicePath } from '../config/device-path.ts';
import { apiPath, callAdmin, foreignAnswer } from './admin/admin-call.ts';
import { adminPeer, isPlaceGiven, type PlaceArguments, placeOptions } from './admin/admin-place.ts';
import { fetchDevices, namedDevice } from './admin/known-devices.ts';
import { findSocket } from './admin/usual-sockets.ts';
import { exitCodes } from './exit-codes.ts';
import type { HttpPeer } from './http-call.ts';
import { hashOffline } from './offline-hash.ts';
import { CommandFailed, UsageRefused } from './refusals.ts';
import { switchOption } from './switch.ts';
import { printJson, printLines } from './terminal.ts';

interface HashArguments extends PlaceArguments {
  readonly device: string;
  readonly config: string | undefined;
  readonly raw: boolean;
  readonly json: boolean;
  readonly _: readonly (string | number)[];
}

const rawSwitch = switchOption('raw', false, 'Keep the newline at the end, which is otherwise left out');
const jsonSwitch = switchOption('json', false, 'Print {"device", "hash"} as JSON');

/** `audit-sidecar hash`: what a value looks like in a device's log, to search for it there. */
export function hashCommand(endWith: (code: number) => void): CommandModule<object, HashArguments> {
  return {
    command: 'hash',
    describe: 'Read a value from standard input and print its hash as a device writes it',
    builder: (cli) =>
      placeOptions(cli)
        .option('device', {
          alias: 'd',
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Path of the device, whose salt is used',
        })
        .option('config', {
          alias: 'c',
          type: 'string',
          requiresArg: true,
          describe: 'Read the salt itself, from where this configuration file says, and ask no daemon',
        })
        .options(rawSwitch)
        .options(jsonSwitch)
        // A further word is most likely the value; the refusal must not repeat it, as the strict mode would.
        .strict(false)
        .strictOptions()
        .demandCommand(0)
        .example('$0 hash --device file/ < token.txt', ''),
    handler: async (args) => endWith(await hash(args)),
  };
}

async function hash(args: HashArguments): Promise<number> {
  if (args._.length > 1) {
    throw new UsageRefused(
      'hash takes the value from standard input, not as an argument: other users can read the arguments of a process, and the shell keeps them in its history',
    );
  }
  if (process.stdin.isTTY) {
    throw new UsageRefused(
      'hash reads the value from standard input, and a terminal would show it: use hash --device PATH < FILE',
    );
  }
  if (args.config !== undefined && isPlaceGiven(args)) {
    throw new UsageRefused('wanted --config, which asks no daemon, or --socket or --address, not both');
  }
  const device = normaliseDevicePath(args.device);
  if (device === null) throw new UsageRefused('wanted a device path such as file/ behind --device');
  // Where no daemon is, a salt may still be: of the one that ran here without a configuration file.
  const offline = args.config !== undefined || (!isPlaceGiven(args) && findSocket() === null);
  const peer = offline ? null : await adminPeer(args);
  const value = withoutNewline(await standardInput(), args.raw);
  const text =
    peer === null
      ? await hashOffline(device, args.config ?? null, value)
      : await hashByDaemon(peer, device, value);
  if (args.json) printJson({ device, hash: text });
  else printLines(`${text}\n`);
  return exitCodes.ok;
}

/** As a string always: a record's numbers are not hashed, so what looks like one is text. */
async function hashByDaemon(peer: HttpPeer, device: string, value: Buffer): Promise<string> {
  // Looked up first, so that a misspelt path is told by what was meant, before the value leaves this process.
  const { path } = namedDevice(await fetchDevices(peer), device);
  const { hash: text } = await callAdmin(peer, {
    method: 'POST',
    path: apiPath('audit-hash', path.slice(0, -1)),
    body: { input: value.toString() },
  });
  return typeof text === 'string' ? text : foreignAnswer(peer);
}

async function standardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function withoutNewline(bytes: Buffer, raw: boolean): Buffer {
  try {
    // Strings in a record are Unicode: other bytes could never be in one, and their hash would be found nowhere.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandFailed('Cannot hash standard input: it is not UTF-8 text');
  }
  return !raw && bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}
