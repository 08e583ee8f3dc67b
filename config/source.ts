import type { LineCounter } from 'yaml';
import type { ConfigProblem } from './config.ts';
import { normaliseDevicePath } from './device-path.ts';
import { type ConfigPath, keyOf } from './problem.ts';
import { placeKey } from './tree.ts';

/** Where the values of a configuration stand in its file. */
export interface ConfigSource {
  /** The file's name as it was given. */
  readonly file: string;
  /**
   * The line and column, both from 1, of the key at `path` (in a list: of the value), or of the nearest one above it
   * that is in the file. A device may be named as the file has it or by its normalised path.
   */
  locate(path: ConfigPath): { readonly line: number; readonly column: number };
  /** Whether the file itself has this key, and not a default. */
  isWritten(path: ConfigPath): boolean;
  /** A problem with what is at `path`. */
  problem(path: ConfigPath, message: string): ConfigProblem;
}

export function configSource(
  file: string,
  places: ReadonlyMap<string, number>,
  lines: LineCounter,
  devicesAsWritten: ReadonlyMap<string, string>,
): ConfigSource {
  const offsetOf = (path: ConfigPath): number | undefined =>
    places.get(placeKey(path)) ?? places.get(placeKey(asWritten(path, devicesAsWritten)));
  const locate = (path: ConfigPath): { line: number; column: number } => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsetOf(path.slice(0, length));
      if (offset !== undefined) return lineAndColumn(lines, offset);
    }
    return { line: 1, column: 1 };
  };
  return {
    file,
    locate,
    isWritten: (path) => offsetOf(path) !== undefined,
    problem: (path, message) => ({ file, ...locate(path), key: keyOf(normalised(path)), message }),
  };
}

/** Both from 1; the counter says 0 for a text without any line. */
export function lineAndColumn(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function asWritten(path: ConfigPath, devicesAsWritten: ReadonlyMap<string, string>): ConfigPath {
  const written = path[0] === 'devices' ? devicesAsWritten.get(String(path[1])) : undefined;
  return written === undefined ? path : ['devices', written, ...path.slice(2)];
}

/** Problems name a device as every other message does. */
function normalised(path: ConfigPath): ConfigPath {
  if (path[0] !== 'devices' || typeof path[1] !== 'string') return path;
  return ['devices', normaliseDevicePath(path[1]) ?? path[1], ...path.slice(2)];
}
