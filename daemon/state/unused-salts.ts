import type { StateDirectory, StateFiles } from './state-directory.ts';

const fileName = 'unused-salts.json';

/**
 * From when on salts were known to have no device, by the path of that. Only a help for who looks through them: what cannot
 * be read counts as never written.
 */
export async function readUnused(state: StateFiles): Promise<ReadonlyMap<string, string>> {
  const bytes = await state.read(fileName);
  let value: unknown = null;
  try {
    value = JSON.parse(bytes?.toString('utf8') ?? 'null');
  } catch {
    return new Map();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(
    Object.entries(value).filter(
      (entry): entry is [string, string] =>
        typeof entry[1] === 'string' && !Number.isNaN(Date.parse(entry[1])),
    ),
  );
}

/** Writes down that exactly the salts of `devices` have none at `now`; resolves with those that were not known of. */
export async function noteUnused(
  state: StateDirectory,
  devices: readonly string[],
  now: Date,
): Promise<string[]> {
  const before = await readUnused(state);
  const found = devices.filter((device) => !before.has(device));
  if (found.length === 0 && before.size === devices.length) return [];
  const noted = devices.map((device) => [device, before.get(device) ?? now.toISOString()] as const);
  await state.writeAtomically(fileName, Buffer.from(`${JSON.stringify(Object.fromEntries(noted))}\n`));
  return found;
}
