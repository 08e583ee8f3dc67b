import { constants } from 'node:fs';
import { access, lstat, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DeviceFailure } from '../device.ts';
import { codeOf } from '../failure-reasons.ts';
import { type AuditFileOptions, irregular, openFailure, setModeFailure } from './audit-file.ts';
import { folderFault } from './folder-fault.ts';

/** What `openAuditFile` would reject with, as far as that can be told without opening or making anything. */
export async function auditFileFault(options: AuditFileOptions): Promise<DeviceFailure | null> {
  const { path: file } = options;
  const action = `Cannot open audit file "${file}"`;
  try {
    const found = await stat(file);
    if (!found.isFile()) return irregular(action, found.isDirectory());
    await access(file, constants.W_OK);
    const [user, mode] = [process.geteuid!(), found.mode & 0o7777];
    const mayChange = user === 0 || user === found.uid || options.mode === null || options.mode === mode;
    return mayChange ? null : setModeFailure(options.mode, file, { code: 'EPERM' });
  } catch (error) {
    const fault = codeOf(error) === 'ENOENT' ? await missingFault(file) : error;
    return fault === null ? null : await openFailure(fault, file, action);
  }
}

/** Of a file that is not there yet. */
async function missingFault(file: string): Promise<unknown> {
  const link = await lstat(file).catch(() => null);
  if (link === null) return folderFault(path.dirname(file));
  try {
    // Through a link the file is made, and no folder for it.
    const folder = path.dirname(path.resolve(path.dirname(file), await readlink(file)));
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return error;
  }
}
