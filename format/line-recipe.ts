import { JSON_LINE, JSONX, JSONX_FRAGMENT } from '../kernel/numbers/line-formats.ts';
import {
  ASKED_NUMBER,
  HASHED,
  HASHED_ACCESSOR,
  HASHED_HEADER,
  HASHED_NUMBER,
  HASHED_PART,
  HASHED_TIMESTAMP,
} from '../kernel/numbers/plan-kinds.ts';
import type { Kernel } from './kernel.ts';
import type { LineOptions } from './line-options.ts';
import type { Lines } from './lines.ts';

/** How a device's line looks, in the kernel's terms. */
export interface LineStyle {
  readonly format: number;
  /** A bit for each kind of string, number or part of a string that the device hashes. */
  readonly hashed: number;
  readonly elide: boolean;
  readonly prefix: Uint8Array;
}

/** All that makes one device's lines, for another thread. Whoever gets it wipes the midstates. */
export interface LineRecipe extends LineStyle {
  /** In memory of their own. */
  readonly midstates: Uint8Array;
  readonly maxLineBytes: number;
}

export function lineStyle(options: LineOptions): LineStyle {
  return {
    format: options.format === 'json' ? JSON_LINE : options.jsonxFragment ? JSONX_FRAGMENT : JSONX,
    hashed: hashedKinds(options),
    elide: options.elideListResponses,
    prefix: new TextEncoder().encode(options.prefix),
  };
}

function hashedKinds(options: LineOptions): number {
  // A device that hashes nothing else still hashes the headers that ask for it.
  if (options.logRaw) return 1 << HASHED_HEADER;
  let hashed = (1 << HASHED) | (1 << HASHED_HEADER) | (1 << HASHED_PART);
  if (options.hmacAccessor) hashed |= 1 << HASHED_ACCESSOR;
  if (options.hashTimestamps) hashed |= 1 << HASHED_TIMESTAMP;
  // Of the numbers that are hashed unless a device says otherwise, only the profile `api` has any.
  if (options.hashNumbers !== false) hashed |= 1 << HASHED_NUMBER;
  if (options.hashNumbers === true) hashed |= 1 << ASKED_NUMBER;
  return hashed;
}

/** Lines of the records that lie in the kernel; those longer than `maxLineBytes` are empty. */
export function linesIn(kernel: Kernel, recipe: LineRecipe): Lines {
  kernel.useLine(recipe.format, recipe.hashed, recipe.elide, recipe.prefix);
  const ends = kernel.measure(recipe.maxLineBytes);
  return { bytes: kernel.render(recipe.midstates, ends.at(-1) ?? 0), ends };
}
