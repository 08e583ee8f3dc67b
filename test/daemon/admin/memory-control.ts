import {
  type AdminControl,
  AdminRefused,
  type DeviceListing,
  type DeviceRequest,
} from '../../../daemon/admin/admin-control.ts';
import type { ListedSalt } from '../../../daemon/state/salts.ts';
import type { MountKeys } from '../../../format/line-options.ts';

/** Keeps what calls change, and does nothing else, so that a test sees what the API makes of a request. */
export class MemoryControl implements AdminControl {
  readonly table: Map<string, DeviceListing> = new Map();
  readonly hashed: string[] = [];
  readonly #headers = new Map<string, { readonly hmac: boolean }>();
  readonly #mounts = new Map<string, MountKeys>();

  devices(): readonly DeviceListing[] {
    return [...this.table.values()];
  }

  async enable(path: string, device: DeviceRequest): Promise<void> {
    if (this.table.has(path)) throw new AdminRefused('path already in use');
    this.table.set(path, { path, ...device, declared: 'api' });
  }

  async salts(): Promise<readonly ListedSalt[]> {
    return [];
  }

  async destroySalt(path: string): Promise<void> {
    throw new AdminRefused(`no salt of "${path}"`, 404);
  }

  async disable(path: string): Promise<void> {
    this.table.delete(path);
  }

  hash(path: string, input: Uint8Array): string {
    this.hashed.push(Buffer.from(input).toString());
    return `hash at ${path}`;
  }

  headers(): ReadonlyMap<string, { readonly hmac: boolean }> {
    return this.#headers;
  }

  async setHeader(name: string, hmac: boolean): Promise<void> {
    this.#headers.set(name.toLowerCase(), { hmac });
  }

  async deleteHeader(name: string): Promise<void> {
    this.#headers.delete(name.toLowerCase());
  }

  mountKeys(mount: string): MountKeys {
    return this.#mounts.get(mount) ?? { requestKeys: [], responseKeys: [] };
  }

  async setMountKeys(mount: string, keys: Partial<MountKeys>): Promise<void> {
    this.#mounts.set(mount, { ...this.mountKeys(mount), ...keys });
  }
}
