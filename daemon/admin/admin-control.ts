import type { MountKeys } from '../../format/line-options.ts';
import { Refused } from '../refused.ts';
import type { ListedSalt } from '../state/salts.ts';

/** A device as the API shows it. */
export interface DeviceListing {
  /** With its trailing slash. */
  readonly path: string;
  readonly type: string;
  readonly description: string;
  readonly local: boolean;
  /** As they were given; a credential of the configuration file is shown as its reference. */
  readonly options: Readonly<Record<string, string>>;
  /** Whether it stands in the configuration file or was enabled through the API. */
  readonly declared: 'config' | 'api';
}

/** What a caller wants enabled. Option values are text, whatever JSON they came as. */
export interface DeviceRequest {
  readonly type: string;
  readonly description: string;
  readonly local: boolean;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * What the admin API can look at and change. Paths and mounts come with one trailing slash. Whatever cannot be done
 * throws or rejects with `AdminRefused`, and then nothing has changed.
 */
export interface AdminControl {
  devices(): readonly DeviceListing[];
  /** Resolves when the device takes records. */
  enable(path: string, device: DeviceRequest): Promise<void>;
  /** Resolves when nothing more is written and the salt is gone; also one that a device which is gone has left behind. */
  disable(path: string): Promise<void>;
  /** The hash that the device writes for `input`. */
  hash(path: string, input: Uint8Array): string;
  /** The stored salts, without their text. */
  salts(): Promise<readonly ListedSalt[]>;
  /** Destroys the salt of a device that is not there; one that is keeps it. */
  destroySalt(path: string): Promise<void>;
  /** By name in lower case. */
  headers(): ReadonlyMap<string, { readonly hmac: boolean }>;
  /** Names are taken in any case. */
  setHeader(name: string, hmac: boolean): Promise<void>;
  deleteHeader(name: string): Promise<void>;
  /** Empty lists for a mount that nobody tuned. */
  mountKeys(mount: string): MountKeys;
  /** A list that is left out stays as it was. */
  setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void>;
}

/** What a caller asked for cannot be done. The message is for them. */
export class AdminRefused extends Refused {
  override readonly name = 'AdminRefused';
  readonly status: number;

  /** @param status of the HTTP answer */
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}
