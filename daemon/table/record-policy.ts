import type { Config } from '../../config/config.ts';
import type { Formatter } from '../../format/formatter.ts';
import type { MountKeys, RecordPolicy } from '../../format/line-options.ts';
import type { Log } from '../log/log.ts';
import type { StoredTable } from '../state/stored-table.ts';
import type { TableStore } from '../state/table-store.ts';
import type { Configuration } from './configuration.ts';
import { overruledKeys } from './overruled-keys.ts';

/**
 * What is hashed and left out: what was set through the API, and above it the configuration file. What that declares is
 * the operator's own word: whoever may call the API cannot open it.
 */
export function recordPolicy(config: Config, stored: StoredTable): RecordPolicy {
  return {
    profile: config.profile,
    clearFields: config.clearFields,
    hashFields: config.hashFields,
    unauditedPaths: config.unauditedPaths,
    rules: config.records,
    ownTypes: false,
    auditedHeaders: new Map([...stored.headers, ...config.auditedHeaders]),
    mounts: new Map([...wholeMounts(stored.mounts), ...config.mounts]),
  };
}

/** Has records formatted by the policy of a configuration, and says what it overrules. Throws `PolicyRefused`. */
export function usePolicy(
  formatter: Formatter,
  { file, config, warnings }: Configuration,
  stored: StoredTable,
  log: Log,
): void {
  formatter.setPolicy(recordPolicy(config, stored));
  for (const { line, key, message } of warnings) log.warn(message, { key, file, line });
  const keys = overruledKeys(config, stored);
  if (keys === null) return;
  log.warn('what was set through the API is overruled by the configuration file', { keys, file });
}

/** Keeps to the policy of the table, from now on and whoever changes it. `configuration` gives the one in force. */
export function followPolicy(
  store: TableStore,
  formatter: Formatter,
  configuration: () => Configuration,
  log: Log,
): void {
  usePolicy(formatter, configuration(), store.current, log);
  store.onChange((table, before) => {
    const samePolicy = table.headers === before.headers && table.mounts === before.mounts;
    if (!samePolicy) formatter.setPolicy(recordPolicy(configuration().config, table));
  });
}

/** A list that nobody has set is empty. */
function wholeMounts(stored: ReadonlyMap<string, Partial<MountKeys>>): Map<string, MountKeys> {
  return new Map(
    [...stored].map(([mount, { requestKeys = [], responseKeys = [] }]) => [
      mount,
      { requestKeys, responseKeys },
    ]),
  );
}
