import type { ApiAuth } from '../api-record.ts';

/**
 * Who acts, from what frameworks call `request.user`. Only members that are meant to be read are taken: it may be a whole row
 * of a database.
 */
export function actorOf(user: unknown): ApiAuth | null {
  if (typeof user === 'string') return { user_id: user };
  if (typeof user !== 'object' || user === null) return null;
  const of = user as Readonly<Record<string, unknown>>;
  const actor = {
    user_id: firstText(of['user_id'], of['userId'], of['id'], of['sub']),
    display_name: firstText(of['display_name'], of['displayName'], of['name'], of['username']),
    roles: texts(of['roles'] ?? of['role']),
    scopes: texts(of['scopes'] ?? of['scope']),
  };
  const known = Object.entries(actor).filter(([, value]) => value !== undefined);
  return known.length === 0 ? null : Object.fromEntries(known);
}

function firstText(...values: readonly unknown[]): string | undefined {
  for (const value of values) {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  }
  return undefined;
}

/** A list, or words in one text, as OAuth writes scopes. */
function texts(value: unknown): readonly string[] | undefined {
  const all = typeof value === 'string' ? value.split(' ') : value;
  if (!Array.isArray(all)) return undefined;
  return all.filter((each) => typeof each === 'string' && each !== '');
}
