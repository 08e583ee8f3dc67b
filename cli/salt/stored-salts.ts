import type { Argv } from 'yargs';
import type { Config } from '../../config/config.ts';
import type { ListedSalt } from '../../daemon/state/salts.ts';
import { apiPath, callAdmin, foreignAnswer } from '../admin/admin-call.ts';
import { adminPeer, isPlaceGiven, type PlaceArguments, placeOptions } from '../admin/admin-place.ts';
import { findSocket } from '../admin/usual-sockets.ts';
import type { HttpPeer } from '../http-call.ts';
import { isObject, isText } from '../json-shapes.ts';
import { UsageRefused } from '../refusals.ts';
import type { StoredSalts } from './salts-at-rest.ts';

export interface SaltPlaceArguments extends PlaceArguments {
  readonly config: string | undefined;
}

export function saltPlaceOptions<T>(cli: Argv<T>): Argv<T & SaltPlaceArguments> {
  return placeOptions(cli).option('config', {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'Configuration of the daemon, whose state directory is looked at when it does not run',
  });
}

/**
 * Asks the daemon where one runs, and otherwise looks into the state directory. Rejects with `CommandFailed`,
 * `UsageRefused` or `ConfigRefused`.
 */
export async function storedSalts(args: SaltPlaceArguments): Promise<StoredSalts> {
  const place = await saltsPlace(args);
  if (place.kind === 'daemon') return ofDaemon(place.peer);
  const { saltsAtRest } = await import('./salts-at-rest.ts');
  return saltsAtRest(place.config);
}

/** Who is asked for salts: a daemon that runs, or the state directory of a configuration. */
export type SaltsPlace =
  | { readonly kind: 'daemon'; readonly peer: HttpPeer }
  | { readonly kind: 'at rest'; readonly config: Config };

/** Rejects with `UsageRefused`, `CommandFailed` or `ConfigRefused`. */
export async function saltsPlace(args: SaltPlaceArguments): Promise<SaltsPlace> {
  const daemon = (peer: HttpPeer): SaltsPlace => ({ kind: 'daemon', peer });
  if (args.config !== undefined && isPlaceGiven(args)) {
    throw new UsageRefused('wanted --config, or --socket or --address, not both');
  }
  if (isPlaceGiven(args)) return daemon(await adminPeer(args));
  if (args.config === undefined && findSocket() !== null) return daemon(await adminPeer(args));
  // Loaded here: commands that read no configuration start twice as fast without it.
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = loadConfig(args.config ?? null);
  return (await answers(config)) ? daemon({ socket: config.admin.path }) : { kind: 'at rest', config };
}

async function answers({ admin }: Config): Promise<boolean> {
  const { probeSocket } = await import('../../daemon/sockets/socket-probe.ts');
  const { kind } = await probeSocket(admin.path, 0);
  return kind === 'living' || kind === 'unknown';
}

async function ofDaemon(peer: HttpPeer): Promise<StoredSalts> {
  const { data } = await callAdmin(peer, { method: 'GET', path: '/v1/sys/audit-salts' });
  if (!isObject(data)) return foreignAnswer(peer);
  const salts = Object.entries(data).map(([device, salt]): ListedSalt => {
    if (!isObject(salt)) return foreignAnswer(peer);
    const { in_use: inUse, since, unused_since: unusedSince } = salt;
    if (typeof inUse !== 'boolean' || !isText(since)) return foreignAnswer(peer);
    return { device, inUse, since, unusedSince: isText(unusedSince) ? unusedSince : null };
  });
  return {
    salts,
    async destroy(device) {
      await callAdmin(peer, { method: 'DELETE', path: apiPath('audit-salts', device) });
    },
  };
}
