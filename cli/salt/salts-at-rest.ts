import { statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { Refused } from '../../daemon/refused.ts';
import { type ListedSalt, listSalts, Salts } from '../../daemon/state/salts.ts';
import { openStateDirectory, type StateFiles, stateFiles } from '../../daemon/state/state-directory.ts';
import { readTable } from '../../daemon/state/stored-table.ts';
import { CommandFailed } from '../refusals.ts';
import { tell } from '../terminal.ts';

/** The salts that a daemon has stored, whether or not it runs. */
export interface StoredSalts {
  readonly salts: readonly ListedSalt[];
  /** Destroys one that is not in use. */
  destroy(device: string): Promise<void>;
}

/** The salts in a state directory that no daemon uses. Rejects with `CommandFailed`. */
export async function saltsAtRest(config: Config): Promise<StoredSalts> {
  const state = stateFiles(config.stateDir);
  return {
    salts: await explained(async () => listSalts(state, await inUse(config, state), warn)),
    destroy: (device) => explained(() => destroyAtRest(config, device)),
  };
}

/** With the lock of the state directory: a daemon that starts meanwhile would use the salt. */
async function destroyAtRest(config: Config, device: string): Promise<void> {
  becomeOwner(config.stateDir);
  const state = await openStateDirectory(config.stateDir);
  try {
    if ((await inUse(config, state))(device)) {
      throw new CommandFailed(`Cannot destroy the salt of device "${device}": it is in use`);
    }
    await new Salts(state).destroy(device);
  } finally {
    await state.release();
  }
}

/** What root makes there, the daemon could not use: its lock for one. */
function becomeOwner(folder: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

/** Whether the configuration or the table of the API has the device. */
async function inUse(config: Config, state: StateFiles): Promise<(device: string) => boolean> {
  const table = await readTable(state);
  return (device) => config.devices.has(device) || table.devices.has(device);
}

function warn(message: string): void {
  tell(`audit-sidecar: ${message}\n`);
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) throw new CommandFailed(error.message);
    throw error;
  }
}
