import { chmod } from 'node:fs/promises';
import type { Log } from '../log/log.ts';
import { systemErrorText } from '../system-error.ts';

/** Gives a socket that is listened on another mode. A failure is logged: the rest of a reload is in force already. */
export async function changeSocketMode(path: string, mode: number, log: Log): Promise<void> {
  try {
    await chmod(path, mode);
  } catch (error) {
    log.error('socket mode not changed', { listener: path, error: systemErrorText(error) });
  }
}
