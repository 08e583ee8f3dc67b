import type { Readable } from 'node:stream';
import { InputRefused, inputFault } from './input-fault.ts';

/** Bytes: nobody leaves more blanks at the beginning. */
const longestHead = 64 * 1024;

/**
 * The chunks of a source, once its beginning has been judged; ends with `InputRefused` when it is no lines of records. `name` is what a
 * shell would read it by, `command` what reads it.
 */
export async function* judgedInput(source: Readable, name: string, command: string): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const fault = inputFault(head, name, command);
    if (fault === 'unknown' && head.length < longestHead) continue;
    if (fault !== null && fault !== 'unknown') throw new InputRefused(fault);
    yield head;
    head = null;
  }
  if (head !== null && head.length > 0) yield head;
}
