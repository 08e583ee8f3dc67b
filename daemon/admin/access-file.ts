import { readSmallFile, SmallFileRefused } from '../../config/small-file.ts';
import { ListenRefused } from '../http/http-server.ts';
import { systemErrorText } from '../system-error.ts';

/** A file that says who may call over TCP, or that proves who answers, cannot be used. The message names it. */
export class AccessRefused extends ListenRefused {}

/** A chain of certificates has a few thousand bytes. */
const maxBytes = 64 * 1024;

/** The text of a token, certificate or key file; `what` names it in messages. A secret one must be closed to others. */
export async function readAccessFile(what: string, file: string, secret: boolean): Promise<string> {
  try {
    const { bytes } = await readSmallFile(file, { maxBytes, secret });
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof SmallFileRefused) {
      throw new AccessRefused(`Cannot use ${what} "${file}": ${error.message}`);
    }
    throw new AccessRefused(`Cannot read ${what} "${file}": ${systemErrorText(error)}`);
  }
}
