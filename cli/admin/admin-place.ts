import { readFileSync } from 'node:fs';
import type { Argv } from 'yargs';
import { reasonOf } from '../../config/file-fault.ts';
import { isLoopback } from '../../config/listen-address.ts';
import { certificatesFault } from '../../config/pem.ts';
import type { HttpPeer } from '../http-call.ts';
import { CommandFailed, UsageRefused } from '../refusals.ts';
import { callerToken, tokenVariable } from './caller-token.ts';
import { embeddedSocket, findSocket, installedSocket } from './usual-sockets.ts';

/** Where the admin API of a daemon is, as it is typed. */
export interface PlaceArguments {
  readonly socket: string | undefined;
  readonly address: string | undefined;
  readonly 'token-file': string | undefined;
  readonly 'ca-cert': string | undefined;
}

/** The options of every command that calls the API. */
export function placeOptions<T>(cli: Argv<T>): Argv<T & PlaceArguments> {
  const text = { type: 'string', requiresArg: true, group: 'Where the daemon is:' } as const;
  return cli
    .option('socket', {
      ...text,
      alias: 's',
      describe: `Its admin socket; default ${embeddedSocket} if it is there, otherwise ${installedSocket}`,
    })
    .option('address', { ...text, describe: 'http(s)://host:port of its admin API, instead of --socket' })
    .option('token-file', {
      ...text,
      describe: `File with the token for --address; default the one in $${tokenVariable}`,
    })
    .option('ca-cert', {
      ...text,
      describe: 'PEM file of the authority that signed the certificate of an https address',
    });
}

/** Whether somebody said where the daemon is. */
export function isPlaceGiven({ socket, address }: PlaceArguments): boolean {
  return socket !== undefined || address !== undefined;
}

/** Throws `UsageRefused` when the options contradict each other, `CommandFailed` when a file cannot be used. */
export async function adminPeer(args: PlaceArguments): Promise<HttpPeer> {
  const { socket, address, 'token-file': tokenFile, 'ca-cert': caFile } = args;
  if (address !== undefined) {
    if (socket !== undefined) throw new UsageRefused('wanted --socket or --address, not both');
    return remotePeer(address, tokenFile ?? null, caFile ?? null);
  }
  // On the socket its mode says who may call, so a token there is a slip.
  if (tokenFile !== undefined) throw new UsageRefused('--token-file is only for --address');
  if (caFile !== undefined) throw new UsageRefused('--ca-cert is only for --address');
  return { socket: socket ?? findSocket() ?? installedSocket };
}

async function remotePeer(
  address: string,
  tokenFile: string | null,
  caFile: string | null,
): Promise<HttpPeer> {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new UsageRefused('Cannot use --address: wanted http://host:port or https://host:port');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new UsageRefused(`Cannot use --address "${url.origin}/…": wanted nothing behind the port`);
  }
  if (url.protocol === 'http:') {
    if (!isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
      throw new UsageRefused(
        `Cannot use --address "${url.origin}": the token would cross the network in the clear; wanted https:// or a loopback address`,
      );
    }
    if (caFile !== null) throw new UsageRefused('--ca-cert is only for an https:// address');
  }
  return { url, ca: caFile === null ? null : authority(caFile), token: await callerToken(tokenFile) };
}

function authority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    throw new CommandFailed(`Cannot read CA certificate file "${file}": ${reasonOf(error)}`);
  }
  const fault = certificatesFault(text);
  if (fault !== null) throw new CommandFailed(`Cannot use CA certificate file "${file}": ${fault}`);
  return text;
}
