import path from 'node:path';
import type { CommandModule } from 'yargs';
import { exitCodes } from '../exit-codes.ts';
import { switchOption } from '../switch.ts';
import { tell } from '../terminal.ts';

interface NewArguments {
  readonly file: string;
  readonly append: boolean;
  readonly print: boolean;
}

const appendSwitch = switchOption(
  'append',
  false,
  'Add it to the tokens of a file that is there, to exchange the old one without a gap',
);
const printSwitch = switchOption('print', false, 'Print the token too');

/** `audit-sidecar token new FILE` */
export function tokenNewCommand(endWith: (code: number) => void): CommandModule<object, NewArguments> {
  return {
    command: 'new <file>',
    describe: 'Write a new token into a file that admin.tcp.token_file can name',
    builder: (cli) =>
      cli
        .positional('file', {
          type: 'string',
          demandOption: true,
          describe: 'File to make, with mode 0600',
        })
        .options(appendSwitch)
        .options(printSwitch)
        .example('$0 token new /etc/audit-sidecar/admin-token', ''),
    handler: async (args) => endWith(await make(args)),
  };
}

async function make({ file, append, print }: NewArguments): Promise<number> {
  // Loaded here: the other commands start without the daemon's modules.
  const { appendToken, createTokenFile, newToken } = await import('./token-file.ts');
  const token = newToken();
  const now = new Date();
  const appended = append && (await appendToken(file, token, now));
  if (!appended) await createTokenFile(file, token, now);
  tell(appended ? afterAppending(file) : afterCreating(file));
  if (print) process.stdout.write(`${token}\n`);
  return exitCodes.ok;
}

function afterCreating(file: string): string {
  const place = path.resolve(file);
  return `Wrote a new token to "${file}"; only its owner can read it. A daemon that runs as another user needs it too:
chgrp the file to a group of that user, and chmod 0640. Then:

  1. name it in the configuration, and have the daemon read that (SIGHUP, systemctl reload audit-sidecar):
       admin:
         tcp: {address: "127.0.0.1:8218", token_file: ${JSON.stringify(place)}}
  2. audit-sidecar device list --address http://127.0.0.1:8218 --token-file ${JSON.stringify(place)}
`;
}

function afterAppending(file: string): string {
  return `Added a new token to "${file}". Then:

  1. have the daemon read it (SIGHUP, systemctl reload audit-sidecar): now the old and the new one hold
  2. give the new one to every caller
  3. remove the old one's line from the file, and have the daemon read it again
`;
}
