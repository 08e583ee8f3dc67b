import { andMore, firstOf } from '../../config/and-more.ts';
import { suggest } from '../../config/suggestion.ts';
import { visible } from '../../config/visible-text.ts';

/** What to say of a name that is not known, in words that fit after a colon. */
export function instead(name: string, known: readonly string[]): string {
  const meant = suggest(name, known);
  if (meant !== null) return `did you mean "${visible(meant)}"?`;
  if (known.length === 0) return 'there is none';
  const { first, more } = firstOf(known, 10);
  const names = first.map((each) => `"${visible(each)}"`);
  return `there is ${[...names, ...(more > 0 ? [andMore(more)] : [])].join(', ')}`;
}
