/** A reply, a log line and a status name that many devices: the first ones tell what is wrong. */
const mostNamed = 3;

/** A path may be as long as a configuration file allows. */
const longestName = 100;

/** The first few of many in words, and how many more there are: as long with a thousand devices as with four. */
export function firstFew<T>(of: readonly T[], separator: string, describe: (each: T) => string): string {
  const named = of.slice(0, mostNamed).map(describe).join(separator);
  return of.length > mostNamed ? `${named} and ${of.length - mostNamed} more` : named;
}

/** A device's path, cut in its middle when it is long. */
export function shortPath(path: string): string {
  if (path.length <= longestName) return path;
  const half = longestName / 2;
  return `${path.slice(0, half)}…${path.slice(-half)}`;
}
