import { accessSync, constants, lstatSync } from 'node:fs';

/** Of a daemon on the embedded default, from where it was started. */
export const embeddedSocket = './var/admin.sock';
export const installedSocket = '/run/audit-sidecar/admin.sock';

/** The admin socket of a daemon on this machine, or `null` when there is none in the usual places. */
export function findSocket(): string | null {
  return [embeddedSocket, installedSocket].find(isThere) ?? null;
}

/** Like `findSocket`, one that this user may open. */
export function findOpenSocket(): string | null {
  return [embeddedSocket, installedSocket].find(isOpen) ?? null;
}

function isThere(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch (error) {
    // In a folder that is closed to us it may well be; then the call says that permission is denied.
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Whether this user may connect to it. */
export function isOpen(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
