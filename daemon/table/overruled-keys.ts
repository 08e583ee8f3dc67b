import type { Config } from '../../config/config.ts';
import { keyOf } from '../../config/problem.ts';
import { firstFew } from '../delivery/first-few.ts';
import type { StoredTable } from '../state/stored-table.ts';

/**
 * The keys of the configuration file that say otherwise than what was set through the API before they stood there, in
 * words; `null` when there are none. Nobody else would notice: such a setting sleeps until its key leaves the file.
 */
export function overruledKeys(config: Config, stored: StoredTable): string | null {
  const headers = [...stored.headers].filter(([name, { hmac }]) => {
    const declared = config.auditedHeaders.get(name);
    return declared !== undefined && declared.hmac !== hmac;
  });
  const mounts = [...stored.mounts].filter(([mount, { requestKeys, responseKeys }]) => {
    const declared = config.mounts.get(mount);
    if (declared === undefined) return false;
    return differs(requestKeys, declared.requestKeys) || differs(responseKeys, declared.responseKeys);
  });
  const keys = [
    ...headers.map(([name]) => keyOf(['audited_headers', name])),
    ...mounts.map(([mount]) => keyOf(['mounts', mount])),
  ];
  return keys.length === 0 ? null : firstFew(keys, ', ', (key) => key);
}

/** Whether another set of keys was asked for; a list that nobody has set asks for nothing. */
function differs(set: readonly string[] | undefined, declared: readonly string[]): boolean {
  if (set === undefined) return false;
  const [one, other] = [new Set(set), new Set(declared)];
  return one.size !== other.size || [...one].some((key) => !other.has(key));
}
