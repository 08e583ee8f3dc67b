import path from 'node:path';
import type { ListenerConfig } from '../../config/config.ts';
import type { ReadKeys } from '../../config/schema.ts';
import type { DeviceClaim } from '../../devices/device-claim.ts';

/**
 * What the daemon itself uses, so that no device may: `folder` with all that lies below, `own file`, the file behind
 * one of its descriptors, the UNIX sockets it listens on, and the TCP ports where it takes records.
 */
export type OwnClaim =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'own file'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly fd: number }
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'listen'; readonly host: string; readonly port: number };

export type Claim = DeviceClaim | OwnClaim;

/**
 * Why a device claims: `declared` in the configuration file, `enabled` through the API, `enabling`: an enable under way,
 * `removing`: a disable under way, `ending`: removed or replaced by a reload, it writes what waits; its path is free.
 */
export type Standing = 'declared' | 'enabled' | 'enabling' | 'removing' | 'ending';

/** A device, or a part of the daemon, and what it keeps for itself. */
export type Claimant =
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly standing: Standing;
      readonly claims: readonly DeviceClaim[];
    }
  | { readonly kind: 'daemon'; readonly what: string; readonly claims: readonly OwnClaim[] };

/** What a configuration makes the daemon itself use. `keys` may lack those that cannot be read. */
export function ownClaimants(
  file: string | null,
  keys: Partial<Pick<ReadKeys, 'state_dir' | 'listeners' | 'admin' | 'metrics'>>,
  saltFiles: ReadonlyMap<string, string>,
): Claimant[] {
  const found: Claimant[] = [];
  const add = (what: string, claim: OwnClaim): void => {
    found.push({ kind: 'daemon', what, claims: [claim] });
  };
  const addFile = (what: string, at: string): void => add(what, { kind: 'own file', path: path.resolve(at) });
  add('the standard error, where the daemon logs', { kind: 'descriptor', fd: 2 });
  if (file !== null) addFile('the configuration file', file);
  for (const [device, at] of saltFiles) addFile(`the salt file of device "${device}"`, at);
  const { state_dir: stateDir, listeners, admin, metrics } = keys;
  if (stateDir !== undefined) add('the state directory', { kind: 'folder', path: path.resolve(stateDir) });
  for (const listener of listeners ?? []) add('a listener for records', listenerClaim(listener));
  if (admin !== undefined) {
    add('the admin API', { kind: 'socket', path: path.resolve(admin.path) });
    if (admin.tcp !== null) {
      addFile('the token file', admin.tcp.tokenFile);
    }
    if (admin.tcp?.tls != null) {
      addFile('the certificate of the admin API', admin.tcp.tls.cert);
      addFile('the key of the admin API', admin.tcp.tls.key);
    }
  }
  const listen = metrics?.listen;
  if (listen?.kind === 'unix') add('the metrics', { kind: 'socket', path: path.resolve(listen.path) });
  return found;
}

function listenerClaim(listener: ListenerConfig): OwnClaim {
  if (listener.kind === 'stream') return { kind: 'socket', path: path.resolve(listener.path) };
  const { address } = listener;
  if (address.kind === 'unix') return { kind: 'socket', path: path.resolve(address.path) };
  return { kind: 'listen', host: address.host, port: address.port };
}
