import { randomBytes, randomInt } from 'node:crypto';
import type { CanaryPosition, CanaryStep } from './canary-positions.ts';

/** Texts and digits that nothing else has: new ones for each test. */
export interface Canary {
  readonly text: string;
  readonly digits: string;
}

export function newCanary(): Canary {
  return {
    text: `canary${randomBytes(8).toString('hex')}`,
    digits: `${randomInt(10_000_000, 100_000_000)}${randomInt(1_000_000, 10_000_000)}`,
  };
}

/** Records in which the canary stands at that position only, each spelt in another way. */
export function recordsWith(canary: Canary, { steps, kind }: CanaryPosition): string[] {
  const escaped = escapedFirst(canary.text);
  switch (kind) {
    case 'number':
      return [canary.digits, `-${canary.digits}`, `0.${canary.digits}e3`].map((value) =>
        around(steps, value, false),
      );
    case 'query':
      return [
        `/a?b=${canary.text}`,
        `/a?b=1;c=${canary.text}`,
        `//h/a#b=${canary.text}`,
        `\\/a\\u003fb=${escaped}`,
      ].map((value) => around(steps, `"${value}"`, false));
    case 'text':
      return [
        around(steps, `"${canary.text}"`, false),
        around(steps, `"${canary.text}"`, true),
        around(steps, `"${escaped}"`, false),
        around(steps, `"\\"\\\\\\ud83d${escaped} ?a=${canary.text}&b\\n"`, true),
      ];
  }
}

/** The value inside all of the steps. */
function around(steps: readonly CanaryStep[], value: string, escapedNames: boolean): string {
  return steps.reduceRight<string>((inner, step) => {
    if (step === null) return `[${inner}]`;
    const name = JSON.stringify(step).slice(1, -1);
    return `{"${escapedNames && /^[a-z]/i.test(name) ? escapedFirst(name) : name}":${inner}}`;
  }, value);
}

/** The first letter as `\u0061`. */
function escapedFirst(text: string): string {
  return `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}${text.slice(1)}`;
}

/** Where in lines the canary is, in ascending order for each way of spelling; only its first letter is ever spelt as an escape. */
export function placesOf(bytes: Buffer, { text, digits }: Canary): number[] {
  const places: number[] = [];
  for (const sought of [text.slice(1), digits]) {
    for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) places.push(at);
  }
  return places;
}
