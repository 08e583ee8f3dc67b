import { createHmac, createSecretKey } from 'node:crypto';
import type { CommandModule } from 'yargs';
import { exitCodes } from './exit-codes.ts';
import { CommandFailed, UsageRefused } from './refusals.ts';

interface HashArguments {
  readonly device: string;
  readonly config: string | undefined;
  readonly raw: boolean;
  readonly json: boolean;
  readonly _: readonly (string | number)[];
}

/** `audit-sidecar hash`: what a value looks like in a device's log, to search for it there. */
export function hashCommand(endWith: (code: number) => void): CommandModule<object, HashArguments> {
  return {
    command: 'hash',
    describe: 'Read a value from standard input and print its hash as a device writes it',
    builder: (cli) =>
      cli
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
          describe: 'Configuration file of the daemon; without it the embedded default',
        })
        .option('raw', {
          type: 'boolean',
          default: false,
          describe: 'Keep the newline at the end, which is otherwise left out',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print {"device", "hash"} as JSON' })
        // A further word is most likely the value; the refusal must not repeat it, as the strict mode would.
        .strict(false)
        .strictOptions()
        .demandCommand(0)
        .example('$0 hash --device file/ --config audit-sidecar.yaml < token.txt', ''),
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
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { normaliseDevicePath } = await import('../config/device-path.ts');
  const device = normaliseDevicePath(args.device);
  if (device === null) throw new UsageRefused('wanted a device path such as file/ behind --device');
  const salt = await saltOf(device, args.config ?? null);
  const value = withoutNewline(await standardInput(), args.raw);
  const digest = createHmac('sha256', createSecretKey(Buffer.from(salt)))
    .update(value)
    .digest('hex');
  const text = `hmac-sha256:${digest}`;
  process.stdout.write(args.json ? `${JSON.stringify({ device, hash: text })}\n` : `${text}\n`);
  return exitCodes.ok;
}

/** The salt of a device, whether the file declares it or it was enabled through the API. */
async function saltOf(device: string, configFile: string | null): Promise<string> {
  const { loadConfig } = await import('../config/load.ts');
  const { readSaltFile } = await import('../daemon/salt-file.ts');
  const { readSalt, SaltRefused } = await import('../daemon/salts.ts');
  const { config } = loadConfig(configFile);
  const saltFile = config.devices.get(device)?.saltFile ?? null;
  try {
    const warn = (message: string): void => {
      process.stderr.write(`audit-sidecar: ${message}\n`);
    };
    const salt = saltFile === null ? readSalt(config.stateDir, device) : await readSaltFile(saltFile, warn);
    if (salt !== null) return salt;
  } catch (error) {
    if (error instanceof SaltRefused) throw new CommandFailed(error.message);
    throw error;
  }
  throw new CommandFailed(
    `Cannot hash for device "${device}": no salt of it in state directory "${config.stateDir}"; a device gets one when it is enabled for the first time`,
  );
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
