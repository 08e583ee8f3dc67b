import { createReadStream, readFileSync } from 'node:fs';

/**
 * The beginning of a text that somebody still writes, up to its last newline. What follows may be half a line: a test that parsed
 * or counted it would fail or pass by the moment at which it looked.
 */
export function wholeText(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/** The lines of that beginning, without their newlines. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/** The lines of a file, each ended by a newline, whoever still writes there. */
export function linesSoFar(file: string): string[] {
  return wholeLines(readFileSync(file, 'utf8'));
}

/** The same of a file too long for the memory, one after the other. */
export async function* eachLineSoFar(file: string): AsyncGenerator<string> {
  let begun = '';
  for await (const text of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const [end = '', ...begins] = text.split('\n');
    begun += end;
    for (const next of begins) {
      yield begun;
      begun = next;
    }
  }
}

/** The lines of a file that nobody writes any more; throws when the last one is torn. */
export function finishedLines(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  if (wholeText(text) !== text) throw new Error(`The last line of "${file}" is torn`);
  return wholeLines(text);
}
