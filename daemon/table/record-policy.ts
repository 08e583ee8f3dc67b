import type { Config } from '../../config/config.ts';
import type { Formatter } from '../../format/formatter.ts';
import type { MountKeys, RecordPolicy } from '../../format/line-options.ts';
import type { StoredTable } from '../state/stored-table.ts';
import type { TableStore } from '../state/table-store.ts';

/** What is hashed and left out: the configuration's word, with what was set through the API on top. */
export function recordPolicy(config: Config, stored: StoredTable): RecordPolicy {
  return {
    clearFields: config.clearFields,
    unauditedPaths: config.unauditedPaths,
    auditedHeaders: new Map([...config.auditedHeaders, ...stored.headers]),
    mounts: mergedMounts(config.mounts, stored.mounts),
  };
}

/** Keeps to the policy of the table, from now on and whoever changes it. `config` gives the configuration in force. */
export function followPolicy(store: TableStore, formatter: Formatter, config: () => Config): void {
  formatter.setPolicy(recordPolicy(config(), store.current));
  store.onChange((table, before) => {
    const samePolicy = table.headers === before.headers && table.mounts === before.mounts;
    if (!samePolicy) formatter.setPolicy(recordPolicy(config(), table));
  });
}

/** A list that was set through the API takes the place of the file's; the other one stays the file's. */
function mergedMounts(
  declared: ReadonlyMap<string, MountKeys>,
  stored: ReadonlyMap<string, Partial<MountKeys>>,
): Map<string, MountKeys> {
  const merged = new Map(declared);
  for (const [mount, keys] of stored) {
    const { requestKeys, responseKeys } = { ...declared.get(mount), ...keys };
    merged.set(mount, { requestKeys: requestKeys ?? [], responseKeys: responseKeys ?? [] });
  }
  return merged;
}
