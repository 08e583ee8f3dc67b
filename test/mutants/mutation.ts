/** One small fault that could be in a program: a piece of its text stands differently. */
export interface Mutation {
  /** Offsets of the piece. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** For a person: `>= -> >`. */
  readonly change: string;
}

const longestChange = 60;

/** Puts something else in place of the piece between two offsets. */
export function replaced(text: string, start: number, end: number, replacement: string): Mutation {
  const before = shortened(text.slice(start, end));
  return { start, end, replacement, change: `${before} -> ${shortened(replacement)}` };
}

/** Takes a statement away. */
export function dropped(text: string, start: number, end: number): Mutation {
  return { start, end, replacement: ';', change: `without ${shortened(text.slice(start, end))}` };
}

/** The program with the fault in it. */
export function mutated(text: string, { start, end, replacement }: Mutation): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function shortened(piece: string): string {
  const line = piece.replaceAll(/\s+/g, ' ');
  return line.length > longestChange ? `${line.slice(0, longestChange)}…` : line;
}
