/** The oldest Node that all of the program's modules can be read by; package.json says the same to npm. */
const oldest = [20, 19] as const;

/**
 * What is wrong with a version of Node such as `18.20.8`, or `null`. An older one stops at the syntax of some library, in
 * words that help nobody. This file imports nothing, and is written so that such a Node can read it.
 */
export function nodeFault(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return null;
  return `Cannot run on Node ${version}: wanted Node ${oldest.join('.')} or later, see https://nodejs.org/en/download`;
}
