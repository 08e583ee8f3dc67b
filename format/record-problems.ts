/** Why a record is refused, by the kernel's number (kernel/fault.ts). No text holds anything of the record. */
export const recordProblems: Readonly<Record<number, string>> = {
  1: 'record ends too early',
  2: 'not a JSON object',
  3: 'a name in double quotes is wanted',
  4: 'a colon is wanted',
  5: 'a value is wanted',
  6: 'a comma or the closing bracket is wanted',
  7: 'malformed number',
  8: 'malformed literal',
  9: 'control character in string',
  10: 'malformed escape in string',
  11: 'not UTF-8',
  12: 'nested deeper than 512',
  13: 'text after the object',
  14: 'longer than 256 MiB',
};
