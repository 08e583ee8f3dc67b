/** The error for an option that cannot be used. */
export function unusable(option: string, wanted: string): TypeError {
  return new TypeError(`Cannot use option "${option}": wanted ${wanted}`);
}

/** Throws when it is another. The longest wait that a timer of Node can have is 2^31 - 1 ms. */
export function wholeNumber(option: string, value: number, least: 0 | 1): number {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
  throw unusable(option, `a whole number from ${least} to 2147483647`);
}
