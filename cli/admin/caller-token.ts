import { CommandFailed, UsageRefused } from '../refusals.ts';

/** Never an argument: other users can read the arguments of a process. */
export const tokenVariable = 'AUDIT_SIDECAR_TOKEN';

/**
 * The token to show over TCP: of `file`, or of the environment when that is `null`. Throws `UsageRefused` when there
 * is none, `CommandFailed` when the file cannot be used.
 */
export async function callerToken(file: string | null): Promise<string> {
  const source = file === null ? `$${tokenVariable}` : `token file "${file}"`;
  const token = file === null ? (process.env[tokenVariable] ?? '').trim() : await firstToken(file);
  if (token === '') {
    throw new UsageRefused(
      file === null
        ? `Cannot use --address: it asks for a token; put one in $${tokenVariable}, or its file behind --token-file`
        : `Cannot use ${source}: it has no token`,
    );
  }
  // Anything else cannot stand in a header, and the error about it would quote it.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageRefused(`Cannot use the token of ${source}: it has other characters than visible ASCII`);
  }
  return token;
}

/** While tokens are exchanged a file has several. The first is the one that the daemon knew before. */
async function firstToken(file: string): Promise<string> {
  // Loaded here: only few calls need it, and every command would start later.
  const { AccessRefused, readAccessFile } = await import('../../daemon/admin/access-file.ts');
  try {
    const lines = (await readAccessFile('token file', file, true)).split('\n').map((line) => line.trim());
    return lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
  } catch (error) {
    if (error instanceof AccessRefused) throw new CommandFailed(error.message);
    throw error;
  }
}
