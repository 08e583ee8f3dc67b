import { createHash } from 'node:crypto';
import type { MountKeys } from '../../format/line-options.ts';
import { type StateDirectory, type StateFiles, StateRefused } from './state-directory.ts';

const fileName = 'table.json';

/** A device that was enabled through the API. */
export interface StoredDevice {
  readonly type: string;
  readonly description: string;
  readonly local: boolean;
  readonly options: Readonly<Record<string, string>>;
}

/** What callers of the API have set up; it outlives the process. */
export interface StoredTable {
  /** By path, with its trailing slash. */
  readonly devices: ReadonlyMap<string, StoredDevice>;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, { readonly hmac: boolean }>;
  /** By namespace path and mount point, with the trailing slash; a list that was never set is empty. */
  readonly mounts: ReadonlyMap<string, Partial<MountKeys>>;
  /** Paths of devices that were disabled and whose salts may still have to be destroyed. */
  readonly leaving: ReadonlySet<string>;
}

export const emptyTable: StoredTable = Object.freeze({
  devices: new Map(),
  headers: new Map(),
  mounts: new Map(),
  leaving: new Set<string>(),
});

/** Reads the table; an empty one when nothing was ever stored. Rejects with `StateRefused` when it is damaged. */
export async function readTable(state: StateFiles): Promise<StoredTable> {
  const bytes = await state.read(fileName);
  if (bytes === null) return emptyTable;
  const table = parseTable(bytes.toString('utf8'));
  if (typeof table !== 'string') return table;
  throw new StateRefused(
    `Cannot read device table "${state.path}/${fileName}": ${table}; put back a copy of the file, or move it away to start without the devices, headers and mount keys that were set through the API, whose salts are kept`,
  );
}

/** Whether there is a stored table, damaged or not. */
export async function isStored(state: StateFiles): Promise<boolean> {
  return (await state.changedAt(fileName)) !== null;
}

/** Replaces the stored table: after a kill at any moment it is the one before or this one. */
export async function writeTable(state: StateDirectory, table: StoredTable): Promise<void> {
  const content = JSON.stringify({
    devices: Object.fromEntries(table.devices),
    headers: Object.fromEntries(table.headers),
    mounts: Object.fromEntries(table.mounts),
    ...(table.leaving.size > 0 && { leaving: [...table.leaving] }),
  });
  await state.writeAtomically(
    fileName,
    Buffer.from(`{"version":1,"sha256":"${digest(content)}","table":${content}}\n`),
  );
}

const layout = /^\{"version":(\d+),"sha256":"([0-9a-f]{64})","table":(\{.*\})\}\n$/s;

/** The table, or what is wrong with the text. The digest covers every byte, so what follows it is as it was written. */
function parseTable(text: string): StoredTable | string {
  const match = layout.exec(text);
  if (match === null) return 'it is damaged or not a device table';
  const [, version, sha256, content] = match as unknown as [string, string, string, string];
  if (version !== '1') return `it has version ${version}, and this release knows version 1`;
  if (digest(content) !== sha256) return 'it is damaged: its digest does not match its content';
  const table = JSON.parse(content) as Record<'devices' | 'headers' | 'mounts', Record<string, never>> & {
    leaving?: string[];
  };
  return {
    devices: new Map<string, StoredDevice>(Object.entries(table.devices)),
    headers: new Map<string, { hmac: boolean }>(Object.entries(table.headers)),
    mounts: new Map<string, Partial<MountKeys>>(Object.entries(table.mounts)),
    leaving: new Set(table.leaving),
  };
}

function digest(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
