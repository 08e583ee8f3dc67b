import path from 'node:path';
import type { ListenAddress, ListenerConfig } from '../../config/config.ts';
import { parseListenAddress } from '../../config/listen-address.ts';
import type { ReadKeys } from '../../config/schema.ts';
import type { DeviceClaim } from '../../devices/device-claim.ts';

/**
 * What the daemon itself uses, so that no device may: `folder` with all that lies below, `closed folder`, which is the same for
 * devices of the API and open to those of the operator, `own file`, the file behind
 * one of its descriptors, and the UNIX sockets and TCP ports it listens on.
 */
export type OwnClaim =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'closed folder'; readonly path: string }
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

/** A device, and what it keeps for itself. */
export type DeviceClaimant = Extract<Claimant, { kind: 'device' }>;

/** What systemd has passed (`LoadCredential=`). */
export interface Credentials {
  readonly folder: string | undefined;
  /** Those that the configuration asks for. */
  readonly files: readonly string[];
}

/** What a configuration makes the daemon itself use. `keys` may lack those that cannot be read. */
export function ownClaimants(
  file: string | null,
  keys: Partial<Pick<ReadKeys, 'state_dir' | 'listeners' | 'admin' | 'metrics'>>,
  saltFiles: ReadonlyMap<string, string>,
  credentials: Credentials,
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
  const { files, folder } = credentials;
  for (const at of files) addFile('a credential', at);
  if (folder) add('the folder of credentials', { kind: 'closed folder', path: path.resolve(folder) });
  if (stateDir !== undefined) add('the state directory', { kind: 'folder', path: path.resolve(stateDir) });
  for (const listener of listeners ?? []) add('a listener for records', listenerClaim(listener));
  if (admin !== undefined) {
    add('the admin API', { kind: 'socket', path: path.resolve(admin.path) });
    if (admin.tcp !== null) {
      add('the admin API', { kind: 'listen', ...admin.tcp.address });
      addFile('the token file', admin.tcp.tokenFile);
    }
    if (admin.tcp?.tls != null) {
      addFile('the certificate of the admin API', admin.tcp.tls.cert);
      addFile('the key of the admin API', admin.tcp.tls.key);
    }
  }
  if (metrics != null) add('the metrics', addressClaim(metrics.listen));
  return found;
}

function listenerClaim(listener: ListenerConfig): OwnClaim {
  if (listener.kind === 'stream') return { kind: 'socket', path: path.resolve(listener.path) };
  return addressClaim(listener.address);
}

function addressClaim(address: ListenAddress): OwnClaim {
  if (address.kind === 'unix') return { kind: 'socket', path: path.resolve(address.path) };
  return { kind: 'listen', host: address.host, port: address.port };
}

/** A server at an address as it is shown, with the port that the system chose; none for one that is off. */
export function serverAt(what: string, shown: string | null): readonly Claimant[] {
  const address = shown === null ? null : parseListenAddress(shown);
  return address === null ? [] : [{ kind: 'daemon', what, claims: [addressClaim(address)] }];
}
