import type { LogFields } from './log-line.ts';

/** What can be told of an error that nobody expected: its message may quote a record, its kind and place do not. */
export function defectFields(error: unknown): LogFields {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    kind: error instanceof Error ? error.name : typeof error,
    place: place
      .slice(0, 8)
      .map((line) => line.trim())
      .join(' '),
  };
}
