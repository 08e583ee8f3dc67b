import { visibleJson, visibleLines } from '../config/visible-text.ts';

/** Prints lines of ours; what they quote from outside cannot act on the terminal. */
export function printLines(text: string): void {
  process.stdout.write(visibleLines(text));
}

/** Prints a value as one line of JSON, which means the same to a program and cannot act on a terminal either. */
export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value))}\n`);
}

/** As `printLines`, beside the data: what went wrong, or what else there is to know. */
export function tell(text: string): void {
  process.stderr.write(visibleLines(text));
}
