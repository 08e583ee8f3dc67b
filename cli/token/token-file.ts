import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { AccessRefused, readAccessFile } from '../../daemon/admin/access-file.ts';
import { syncFolder } from '../../daemon/state/sync-folder.ts';
import { systemErrorCode, systemErrorText } from '../../daemon/system-error.ts';
import { CommandFailed } from '../refusals.ts';

/** 256 random bits. The prefix says to people, and to programs that look for leaked secrets, what it is. */
export function newToken(): string {
  return `as.${randomBytes(32).toString('base64url')}`;
}

/** Makes a token file with mode 0600. Rejects with `CommandFailed`, also when there is a file: nothing is touched then. */
export async function createTokenFile(file: string, token: string, now: Date): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await writtenOrRemoved(file, handle, tokenLines(token, now));
    await syncFolder(path.dirname(file));
  } catch (error) {
    const detail =
      systemErrorCode(error) === 'EEXIST'
        ? 'it exists already; --append adds a token to it'
        : systemErrorText(error);
    throw new CommandFailed(`Cannot make token file "${file}": ${detail}`);
  }
}

/**
 * Adds a token to a file that is there, which keeps its owner and mode; the file is the old one or the new one at any
 * moment. `false` when there is no file. Rejects with `CommandFailed`.
 */
export async function appendToken(file: string, token: string, now: Date): Promise<boolean> {
  try {
    // A file with a link to it is replaced, and not the link.
    const real = await realpath(file);
    const before = await readAccessFile('token file', real, true);
    const gap = before === '' || before.endsWith('\n') ? '' : '\n';
    await replace(real, `${before}${gap}${tokenLines(token, now)}`);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    if (error instanceof AccessRefused) throw new CommandFailed(error.message);
    throw new CommandFailed(`Cannot add a token to token file "${file}": ${systemErrorText(error)}`);
  }
}

/** As `AdminTokens.read` takes them. */
function tokenLines(token: string, now: Date): string {
  return `# made ${now.toISOString()}\n${token}\n`;
}

async function replace(file: string, text: string): Promise<void> {
  const { uid, gid, mode } = await stat(file);
  const folder = path.dirname(file);
  // What is to become the file itself, so as well kept as that.
  const next = path.join(folder, `.${path.basename(file)}-${randomBytes(8).toString('hex')}`);
  const handle = await open(next, 'wx', 0o600);
  await writtenOrRemoved(next, handle, text, async () => {
    await handle.chown(uid, gid);
    await handle.chmod(mode & 0o777);
    await rename(next, file);
  });
  await syncFolder(folder);
}

/** Writes all of it and does what else there is to do, or leaves no file behind. */
async function writtenOrRemoved(
  file: string,
  handle: FileHandle,
  text: string,
  finish: () => Promise<void> = async () => {},
): Promise<void> {
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
      await finish();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(file);
    throw error;
  }
}
