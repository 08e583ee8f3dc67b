/**
 * Facility numbers by name (RFC 5424, table 1). Beside the names of syslog.conf stand those by which Linux's
 * `logger` and the Solaris and BSD systems know 13 to 15.
 */
const numbers: ReadonlyMap<string, number> = new Map([
  ['kern', 0],
  ['user', 1],
  ['mail', 2],
  ['daemon', 3],
  ['auth', 4],
  ['syslog', 5],
  ['lpr', 6],
  ['news', 7],
  ['uucp', 8],
  ['cron', 9],
  ['authpriv', 10],
  ['ftp', 11],
  ['ntp', 12],
  ['security', 13],
  ['audit', 13],
  ['console', 14],
  ['alert', 14],
  ['clock', 15],
  ['solaris-cron', 15],
  ...Array.from({ length: 8 }, (_, index) => [`local${index}`, 16 + index] as const),
]);

/** Every name there is, in lower case. */
export const facilityNames: readonly string[] = [...numbers.keys()];

/** The number of a facility, by its name in any case. */
export function parseFacility(text: string): number | undefined {
  return numbers.get(text.toLowerCase());
}
